"""The filters and orders of the list of end users, and its file."""

import csv
import io
from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import pytest
from django.utils import timezone

from tests import factories
from tests.workspace.builders import OKTA, provisioned, pushed_group
from tests.workspace.crowds import add_people
from tests.workspace.pages import cells, names, text
from workspace.actions.access import set_manual_access
from workspace.actions.end_users import create_end_user, deactivate_end_user
from workspace.db.paging import numbered
from workspace.events import SYSTEM
from workspace.models import EndUser, Source, SourceKind
from workspace.profile import Profile

JIT = Source(SourceKind.JIT, "0192f5e0-0000-7000-8000-000000000002", "Entra")


def person(place, name, *environments, source=OKTA):
    email = f"{name.split()[0].lower()}@{place.workspace.slug}.example"
    return create_end_user(
        workspace=place.workspace,
        profile=Profile(name, email, SYSTEM.source),
        environments=environments,
        source=source,
        by=SYSTEM,
    )


@pytest.fixture
def place(acme) -> SimpleNamespace:
    """Ada by hand and Bo by SCIM, Cy and Di by JIT, and Ed without access."""
    acme.cy = person(acme, "Cy Ode", acme.dev, acme.test, acme.prod, source=JIT)
    acme.di = person(acme, "Di Sommer", acme.dev, source=JIT)
    acme.ed = person(acme, "Ed Lund")
    return acme


def shown(client, place, query: str) -> list[str]:
    """The first names in the list."""
    return [name.partition(" ")[0] for name in names(client.get(f"{place.url}end-users/?{query}"))]


def test_a_full_page_stays_below_50_kb(place, owner):
    people = add_people(place, 100, environments=place.workspace.environments.all())
    for number in range(30):
        factories.group(place.dev, *people, name=f"Group of a team {number}")
    EndUser.objects.update(last_sign_in_at=timezone.now())
    assert len(owner.get(f"{place.url}end-users/?q=person").content) < 50_000


class TestSearch:
    @pytest.mark.parametrize("name", ["Zoë Müller-Łódź", "ZOE  MULLER-LODZ", "Zoe\u0308 Mu\u0308ller-Łodz\u0301"])
    @pytest.mark.parametrize(
        "q", ["zoe", "ZOË", "muller lodz", "łódź müller", "  lodz    zoe ", "zoe zoe", "mull@nobody zo", "ｚｏｅ"]
    )
    def test_case_accents_blanks_and_order_of_words_do_not_matter(self, acme, owner, name, q):
        person(acme, name, acme.dev)
        assert len(shown(owner, acme, f"q={q}")) == ("nobody" not in q)

    @pytest.mark.parametrize("q", ["winter ada", "acme.example ada", "ada@ wint", "da int"])
    def test_words_are_found_in_name_and_address(self, acme, owner, q):
        assert shown(owner, acme, f"q={q}") == ["Ada"]

    @pytest.mark.parametrize("q", ["bo winter", "ada lund", "adawinter", "winterada@acme.example"])
    def test_all_words_have_to_be_there(self, acme, owner, q):
        assert shown(owner, acme, f"q={q}") == []

    @pytest.mark.parametrize("q", ["münchen", "munchen", "xn--mnchen-3ya", "ADA@xn--mnchen-3ya.example"])
    def test_an_international_domain_is_found_in_both_forms(self, acme, owner, q):
        create_end_user(
            workspace=acme.workspace,
            profile=Profile("Gus", "ada@münchen.example", SYSTEM.source),
            environments=[acme.dev],
            by=SYSTEM,
        )
        assert shown(owner, acme, f"q={q}") == ["Gus"]

    @pytest.mark.parametrize(("name", "q"), [("が ぎ", "か"), ("कि", "क्"), ("Søren Ægir Þór", "soren aegir thor")])
    def test_letters_of_other_scripts_stay_themselves(self, acme, owner, name, q):
        person(acme, name, acme.dev)
        assert bool(shown(owner, acme, f"q={q}")) == (name[0] == "S")

    def test_a_new_name_is_found_at_once(self, acme, owner):
        acme.ada.full_name = "Érable"
        acme.ada.save()
        assert shown(owner, acme, "q=erable") == ["Érable"] and shown(owner, acme, "q=winter") == []


class TestFilter:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", "Ada Bo Cy Di"),
            ("access=any", "Ada Bo Cy Di Ed"),
            ("access=none", "Ed"),
            ("method=manual", "Ada"),
            ("method=scim", "Bo"),
            ("method=jit", "Cy Di"),
            ("provider=Entra", "Cy Di"),
            ("provider=Okta Dev", "Bo"),
            ("provider=Okta Dev&method=jit", ""),
            ("provider=Entra&access=any&q=ode", "Cy"),
            ("access=none&method=jit", ""),
            ("group=SUPPORT", "Ada"),
            ("group=engineering&status=active", "Bo"),
            ("group=engineering&status=deactivated", ""),
            ("sign_in=never", "Ada Bo Cy"),
            ("sign_in=30", "Di"),
            ("sign_in=90", ""),
        ],
    )
    def test_it_shows_whom_it_means(self, place, owner, query, found):
        place.di.note_sign_in(timezone.now() - timedelta(days=40))
        assert shown(owner, place, query) == found.split()

    def test_whoever_was_added_long_ago_and_never_signed_in_is_inactive(self, place, owner):
        EndUser.objects.filter(pk=place.ada.pk).update(created_at=timezone.now() - timedelta(days=100))
        assert shown(owner, place, "sign_in=90") == ["Ada"] and shown(owner, place, "sign_in=180") == []

    def test_many_of_a_group_are_found_like_few(self, place, owner, monkeypatch):
        monkeypatch.setattr("workspace.forms.end_user_filter._FEW", 0)
        assert shown(owner, place, f"group={place.support.pk}") == ["Ada"]
        assert shown(owner, place, "method=jit&sort=-name") == ["Di", "Cy"]

    def test_groups_are_chosen_while_they_fit_a_menu(self, place, owner, monkeypatch):
        path = f"{place.url}end-users/?group={place.support.pk}"
        assert f'<option value="{place.support.pk}" selected>Support</option>' in owner.get(path).content.decode()
        monkeypatch.setattr("workspace.forms.end_user_filter.MOST_GROUPS", 1)
        assert '<input type="text" name="group"' in owner.get(path).content.decode()

    @pytest.mark.parametrize(
        "query", ["group=nobody", "group=0192f5e0-0000-7000-8000-000000000009", "sign_in=5", "provider=x"]
    )
    def test_a_wrong_value_is_named_and_filters_nothing(self, place, owner, query):
        response = owner.get(f"{place.url}end-users/?{query}")
        assert len(names(response)) == 4
        assert "DEV has no such group." in text(response) or "is not one of the available choices" in text(response)

    def test_a_group_of_another_environment_or_workspace_is_none(self, place, globex, owner):
        elsewhere = factories.group(place.test, name="Elsewhere")
        for group in (elsewhere, globex.support, place.everyone):
            assert "DEV has no such group." in text(owner.get(f"{place.url}end-users/?group={group.pk}"))

    def test_providers_of_another_workspace_are_not_offered(self, place, globex, owner):
        provisioned(globex.workspace, "X Y", globex.dev).accesses.update(source_name="Foreign")
        page = owner.get(f"{place.url}end-users/").content.decode()
        assert "Foreign" not in page and '<option value="Entra">' in page


class TestSort:
    @pytest.mark.parametrize(
        ("sort", "found"),
        [
            ("name", "Ada Bo Cy Di Ed"),
            ("-name", "Ed Di Cy Bo Ada"),
            ("-email", "Ed Di Cy Bo Ada"),
            ("access", "Ed Ada Di Bo Cy"),
            ("-access", "Cy Bo Di Ada Ed"),
            ("groups", "Di Bo Ada Cy Ed"),
            ("-groups", "Ada Bo Di Cy Ed"),
            ("provider", "Cy Di Ada Bo Ed"),
            ("-provider", "Bo Ada Di Cy Ed"),
            ("sign-in", "Bo Di Ada Cy Ed"),
            ("-sign-in", "Di Bo Ada Cy Ed"),
            ("status", "Ada Bo Di Ed Cy"),
            ("-status", "Cy Ed Di Bo Ada"),
        ],
    )
    def test_each_column_sorts_both_ways(self, place, owner, sort, found):
        now = timezone.now()
        for one, days in ((place.di, 1), (place.bo, 2)):
            one.note_sign_in(now - timedelta(days=days))
        pushed_group(place.dev, "Design", place.di)
        deactivate_end_user(end_user=place.cy, by=SYSTEM)
        assert shown(owner, place, f"access=any&sort={sort}") == found.split()
        assert shown(owner, place, f"sort={sort}") == [name for name in found.split() if name != "Ed"]
        assert shown(owner, place, f"sort={sort}&access=none") == ["Ed"]
        assert shown(owner, place, f"sort={sort}&access=any&q=lund") == [
            each for each in found.split() if each in "Bo Ed"
        ]

    def test_several_sources_and_groups_list_somebody_once(self, place, owner):
        set_manual_access(end_user=place.bo, environments=[place.dev], by=SYSTEM)
        factories.group(place.dev, place.bo, place.ada, name="Aardvark")
        for sort in ("provider", "-provider", "groups", "-groups", "access", "-access"):
            assert sorted(shown(owner, place, f"sort={sort}")) == ["Ada", "Bo", "Cy", "Di"]
        row = cells(owner.get(f"{place.url}end-users/"), "Bo Lund")
        assert (row["Provider"], row["Groups in DEV"]) == ("Manual, Okta Dev", "Aardvark +1")

    def test_the_last_group_decides_the_way_down_and_is_shown(self, place, owner):
        factories.group(place.dev, place.bo, place.ada, place.di, name="Night shift")
        factories.group(place.dev, place.di, name="Aardvark")
        assert shown(owner, place, "sort=groups") == ["Di", "Bo", "Ada", "Cy"]
        page = owner.get(f"{place.url}end-users/?sort=-groups")
        assert [name.split()[0] for name in names(page)] == ["Ada", "Di", "Bo", "Cy"]
        assert cells(page, "Ada Winter")["Groups in DEV"] == "Support +1"
        assert cells(page, "Di Sommer")["Groups in DEV"] == "Night shift +1"

    @pytest.mark.parametrize("sort", ["groups", "-provider", "access", "sign-in"])
    def test_pages_go_over_from_one_part_of_an_order_to_the_next(self, place, owner, monkeypatch, sort):
        everybody = shown(owner, place, f"access=any&sort={sort}")
        monkeypatch.setattr("workspace.views.end_user_list.numbered", partial(numbered, size=2))
        pages = [shown(owner, place, f"access=any&sort={sort}&page={number}") for number in (1, 2, 3)]
        assert [name for page in pages for name in page] == everybody and [len(page) for page in pages] == [2, 2, 1]
        assert shown(owner, place, f"access=any&sort={sort}&page=4") == pages[0]

    def test_filter_and_page_stay_when_the_order_changes(self, place, owner):
        page = owner.get(f"{place.url}end-users/?q=e&access=any&page=2").content.decode()
        assert 'href="?q=e&amp;access=any&amp;sort=sign-in"' in page


class TestExport:
    def rows(self, client, place, query="") -> list[list[str]]:
        response = client.get(f"{place.url}end-users/export.csv?{query}")
        assert response["Content-Type"] == "text/csv; charset=utf-8"
        assert response["Content-Disposition"].startswith('attachment; filename="end-users-acme-dev-')
        return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))

    def test_it_holds_whom_the_filter_lets_through(self, place, owner):
        head, *rows = self.rows(owner, place, "access=any&q=lund&page=7")
        assert head[:5] == ["Full name", "Email address", "userName", "Environment access", "Groups"]
        assert [row[:6] for row in rows] == [
            ["Bo Lund", "bo@acme.example", "", "DEV; TEST", "Engineering", "SCIM · Okta Dev"],
            ["Ed Lund", "ed@acme.example", "", "", "", ""],
        ]

    def test_no_cell_is_a_formula(self, place, owner):
        EndUser.objects.filter(pk=place.ada.pk).update(full_name="=HYPERLINK(1)")
        assert self.rows(owner, place)[1][0] == "'=HYPERLINK(1)"

    def test_it_is_read_some_at_a_time_and_has_everybody_once(self, place, owner, monkeypatch):
        EndUser.objects.filter(pk__in=[place.ada.pk, place.di.pk]).update(name_key="bo lund")
        monkeypatch.setattr("workspace.exports._PAGE", 2)
        assert sorted(row[0][:2] for row in self.rows(owner, place, "access=any")[1:]) == ["Ad", "Bo", "Cy", "Di", "Ed"]

    def test_a_viewer_may_read_it(self, place, as_role):
        assert len(self.rows(as_role("viewer"), place)) == 5


def test_a_save_does_not_take_back_a_sign_in_of_the_same_moment(acme):
    stale = EndUser.objects.get(pk=acme.ada.pk)
    now = timezone.now()
    acme.ada.note_sign_in(now)
    stale.full_name = "Ada Sommer"
    stale.save()
    stale.refresh_from_db()
    assert (stale.full_name, stale.last_sign_in_at) == ("Ada Sommer", now)
