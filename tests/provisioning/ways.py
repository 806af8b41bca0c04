"""The two ways of reading a body: by its shape, and the full one."""

import copy
import json

from provisioning.payload import shapes
from provisioning.payload.dialects.resources import read_resource, tidy_resource
from provisioning.payload.documents import parse
from provisioning.payload.errors import ScimError
from provisioning.payload.leaving_out import fit
from provisioning.payload.tolerance import Tolerance


def in_full(body, model, tolerance):
    """The full way, which reads every body."""
    tidy = tidy_resource(body, model, tolerance)
    return fit(tidy, lambda: parse(tidy, model), model, tolerance)


def result(read, body, model, *, is_strict):
    """What reading gives: the document as text, so that types and orders count, or the refusal; and the notes."""
    tolerance = Tolerance(is_strict=is_strict)
    try:
        return json.dumps(read(copy.deepcopy(body), model, tolerance)), tolerance.notes
    except ScimError as refusal:
        return refusal.to_dict(), tolerance.notes


def check_both_ways(body, model):
    """That both ways give the same; say whether the body has a known shape."""
    sent = copy.deepcopy(body)
    document = shapes.parse(sent, model)
    assert sent == body
    for is_strict in (False, True):
        full = result(in_full, body, model, is_strict=is_strict)
        assert result(read_resource, body, model, is_strict=is_strict) == full
        if document is not None:
            assert (json.dumps(document), []) == full
    return document is not None
