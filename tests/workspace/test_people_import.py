"""Import CSV: what becomes of each line, and that preview, import, event and report say the same."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.utils import timezone

from authentication.actions.retention import forget_expired
from tests import factories
from tests.workspace.builders import OKTA, OKTA_ACTOR, provisioned, pushed_group, uploaded
from tests.workspace.importing import Importing, finished, outcomes
from tests.workspace.pages import text
from workspace.actions.end_users import deactivate_end_user, update_profile
from workspace.actions.imports import advance, choose_columns, start_import
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser, EndUserGroup, ImportedLine, PeopleImport
from workspace.profile import Profile
from workspace.refusals import ActionError


@pytest.fixture
def importing(acme, owner):
    return Importing(owner, acme.url)


def groups_of(email):
    person = EndUser.objects.get(email=email)
    rows = person.memberships.values_list("group__environment__name", "group__name")
    return sorted(f"{environment}: {group}" for environment, group in rows)


def access_of(email):
    person = EndUser.objects.get(email=email)
    return sorted(person.accesses.values_list("environment__name", flat=True))


def test_people_are_created_changed_and_left_alone_as_the_preview_said(acme, importing):
    factories.group(acme.prod, name="Sales")
    job = importing.check(
        "Name;E-mail;Environments;Groups\n"
        "Cy Moor;cy@acme.example;DEV, prod;Support;\n"
        '"Dee Poe";dee@acme.example;;"PROD: Sales"\n'
        "Ada Summer;ADA@acme.example;TEST;Support\n"
        "Bo Lund;bo@acme.example;DEV;Engineering\n",
    )
    assert outcomes(job) == [
        (2, "create", "New: access to DEV, PROD; groups Support in DEV."),
        (3, "refused", "Sales in PROD is only for people with access to that environment."),
        (4, "change", "New: name instead of Ada Winter; access to TEST."),
        (5, "unchanged", ""),
    ]
    assert EndUser.objects.filter(workspace=acme.workspace).count() == 2

    importing.client.post(f"{importing.url}{job.pk}/start/")
    job.refresh_from_db()
    assert job.state == "imported"
    assert access_of("cy@acme.example") == ["DEV", "PROD"]
    assert groups_of("cy@acme.example") == ["DEV: Support"]
    ada = EndUser.objects.get(email="ada@acme.example")
    assert ada.full_name == "Ada Summer" and access_of(ada.email) == ["DEV", "TEST"]
    assert ada.name_source.id == str(acme.roles["owner"].pk)
    assert not EndUser.objects.filter(email="dee@acme.example").exists()


def test_an_import_is_one_change_that_each_person_has_in_their_history(acme, importing):
    before = ChangeEvent.objects.count()
    importing.run("Name,Email,Groups\nCy Moor,cy@acme.example,Support\nAda Summer,ada@acme.example,\n")
    event = ChangeEvent.objects.of(acme.workspace).get(action="workspace.people_imported")
    assert ChangeEvent.objects.count() == before + 1
    assert event.sentence == "owner@acme.example imported 2 people from the file people.csv: 1 new, 1 changed."
    cy = EndUser.objects.get(email="cy@acme.example")
    assert {cy.pk, acme.ada.pk} <= set(event.subjects.values_list("subject_id", flat=True))
    assert event.after["created"] == [[str(cy.pk), "Cy Moor", "manual", event.actor_id, event.actor_name, cy.email]]
    assert event.before["names"][0][:2] == [str(acme.ada.pk), "Ada Winter"]
    assert event.after["names"][0][:2] == [str(acme.ada.pk), "Ada Summer"]
    assert [row[2] for row in event.after["access"]] == [str(acme.dev.pk)]
    assert [row[2] for row in event.after["memberships"]] == [str(acme.support.pk)]
    assert "Cy Moor" in text(importing.client.get(f"{acme.url}audit-log/{event.pk}/"))


def test_new_people_get_the_access_that_was_chosen_where_their_line_names_none(acme, importing):
    importing.run("name,mail\nCy Moor,cy@acme.example\n", default_access=["test", "prod"])
    assert access_of("cy@acme.example") == ["PROD", "TEST"]
    importing.run("name,mail,access\nDee Poe,dee@acme.example,–\n", default_access=[])
    assert access_of("dee@acme.example") == []


def test_nothing_is_taken_away(acme, importing):
    importing.run("Email,Access,Groups\nada@acme.example,,\n")
    assert access_of("ada@acme.example") == ["DEV"] and groups_of("ada@acme.example") == ["DEV: Support"]


def test_missing_groups_are_refused_or_created_as_chosen(acme, importing):
    lines = "Name,Email,Groups\nCy Moor,cy@acme.example,Sales; sales ;TEST: Ops\nDee Poe,dee@acme.example,Sales\n"
    refused = importing.check(lines)
    assert outcomes(refused)[0] == (2, "refused", "There is no group Sales in DEV.")
    importing.run(lines, creates_groups="on", default_access=["dev", "test"])
    assert groups_of("cy@acme.example") == ["DEV: Sales", "TEST: Ops"]
    assert groups_of("dee@acme.example") == ["DEV: Sales"]
    sales = EndUserGroup.objects.get(name="Sales")
    assert ChangeEvent.objects.of(acme.workspace).about(sales.pk).get().action == "workspace.people_imported"


def test_what_an_idp_manages_is_refused_with_the_reason(acme, importing):
    job = importing.check(
        "Name,Email,Groups\nBob Lund,bo@acme.example,\nBo Lund,bo@acme.example,\nCy,cy@acme.example,Engineering\n"
        "Di,di@acme.example,Everyone\n"
    )
    assert outcomes(job) == [
        (2, "refused", "Okta Dev manages the name of this person. Change it there."),
        (3, "refused", "Line 2 has the same address."),
        (4, "refused", "Engineering in DEV: Okta Dev manages this group. Change its members there."),
        (5, "create", "New: access to DEV."),
    ]


def test_a_person_of_an_idp_can_get_a_group_made_by_hand(acme, importing):
    importing.run("Email,Groups\nbo@acme.example,Support\n")
    assert groups_of("bo@acme.example") == ["DEV: Engineering", "DEV: Support"]


def test_a_deactivated_person_is_left_as_they_are(acme, importing):
    deactivate_end_user(end_user=acme.ada, by=SYSTEM)
    job = importing.check("Name,Email\nAda Winter,ada@acme.example\n")
    assert outcomes(job) == [(2, "unchanged", "")]
    job = importing.check("Name,Email\nAda Summer,ada@acme.example\n")
    assert outcomes(job) == [(2, "refused", "This person is deactivated. Reactivate the person first.")]


def test_people_of_another_workspace_are_unknown_here(acme, globex, importing):
    job = importing.run(f"id,Name,Email\n{globex.ada.pk},Ada Winter,{globex.ada.email}\n")
    assert outcomes(job) == [(2, "create", "New: access to DEV.")]
    assert EndUser.objects.filter(email=globex.ada.email).count() == 2
    globex.ada.refresh_from_db()
    assert globex.ada.full_name == "Ada Winter"


def test_lines_are_judged_again_when_they_are_imported(acme, importing):
    job = importing.check(
        "Name,Email,Groups\n"
        "Cy Moor,cy@acme.example,\nAda Summer,ada@acme.example,Support\nDee,dee@acme.example,Support\n"
    )
    provisioned(acme.workspace, "Cy Moor", acme.dev)
    update_profile(end_user=acme.ada, profile=Profile("Ada Summer", acme.ada.email, SYSTEM.source), by=SYSTEM)
    EndUserGroup.objects.filter(pk=acme.support.pk).update(**OKTA.fields())
    start_import(job=job, by=acme.actor)
    job.refresh_from_db()
    job = finished(job)
    assert outcomes(job) == [
        (2, "unchanged", ""),
        (3, "unchanged", ""),
        (4, "refused", "Support in DEV: Okta Dev manages this group. Change its members there."),
    ]
    page = text(importing.client.get(f"{importing.url}{job.pk}/"))
    assert "The preview said: Create." in page
    assert not EndUser.objects.filter(email="dee@acme.example").exists()
    assert not ChangeEvent.objects.filter(action="workspace.people_imported").exists()


def test_the_report_is_a_file_without_formulas(acme, importing):
    job = importing.run('Name,Email\n"=HYPERLINK(""http://evil"")",cy@acme.example\n+1,no address\n')
    assert EndUser.objects.get(email="cy@acme.example").full_name == '=HYPERLINK("http://evil")'
    response = importing.client.get(f"{importing.url}{job.pk}/report.csv")
    rows = list(csv.reader(StringIO(b"".join(response.streaming_content).decode())))
    assert rows[0][:3] == ["Line", "Full name", "Email address"]
    assert rows[1][1] == '\'=HYPERLINK("http://evil")' and rows[1][5] == "Create"
    assert rows[2][1] == "'+1" and rows[2][5:7] == ["Refused", "Enter an email address like ada@example.com."]


@pytest.mark.parametrize(
    ("language", "head"),
    [
        ("en", "Line,Full name,Email address,Environment access,Groups,Outcome,Details,Outcome in the preview"),
        ("de", "Zeile,Vollständiger Name,E-Mail-Adresse,Zugriff auf Umgebungen,Gruppen,Ergebnis,Details,Ergebnis in "),
    ],
)
def test_the_report_imported_again_changes_nobody(acme, importing, language, head):
    job = importing.run("Name,Email,Groups\n=1+1,cy@acme.example,Support\n")
    response = importing.client.get(f"{importing.url}{job.pk}/report.csv", headers={"Accept-Language": language})
    report = b"".join(response.streaming_content)
    assert report.decode().removeprefix("\ufeff").startswith(head)
    again = importing.check(report)
    assert outcomes(again) == [(2, "unchanged", "")]


def test_a_file_of_export_csv_changes_nobody(acme, importing):
    """The people of an IdP, a deactivated one, and names that a spreadsheet takes for formulas are among them."""
    sales = factories.group(acme.dev, acme.ada, name="Sales, EMEA; @home")
    plus = factories.end_user(acme.dev, acme.prod, name="+1 Plus")
    factories.group(acme.dev, plus, acme.ada, name="=Ops")
    deactivate_end_user(end_user=factories.end_user(acme.dev, name="Old Moor"), by=SYSTEM)
    before = ChangeEvent.objects.count()
    for query in ("", "?access=any"):
        exported = importing.client.get(f"{acme.url}end-users/export.csv{query}")
        job = importing.run(b"".join(exported.streaming_content))
        lines = outcomes(job)
        # A semicolon separates groups, so a name that holds one is not found; nobody is changed by that.
        refused = [note for _, outcome, note in lines if outcome == "refused"]
        assert refused == ["There is no group Sales, EMEA in DEV."]
        assert [outcome for _, outcome, _ in lines].count("unchanged") == len(lines) - 1 == 3
    assert ChangeEvent.objects.count() == before and sales.memberships.count() == 1


def test_the_example_file_can_be_imported(acme, importing):
    factories.group(acme.dev, name="Sales")
    response = importing.client.get(f"{importing.url}example.csv")
    job = importing.check(b"".join(response.streaming_content))
    assert [outcome for _, outcome, _ in outcomes(job)] == ["create", "create"]


def test_only_one_outcome_can_be_shown(acme, importing):
    job = importing.check("Name,Email\nCy,cy@acme.example\nDee,nowhere\n")
    page = text(importing.client.get(f"{importing.url}{job.pk}/?outcome=refused"))
    assert "Enter an email address" in page and "cy@acme.example" not in page
    assert "No line has this outcome" in text(importing.client.get(f"{importing.url}{job.pk}/?outcome=change"))


def test_a_long_file_is_checked_in_steps_that_anybody_can_go_on_with(acme, importing):
    lines = "".join(f"Person {number},p{number}@acme.example\n" for number in range(2500))
    job = importing.columns(f"Name,Email\n{lines}Twin,P7@acme.example\n")
    assert (job.state, job.checked_count) == ("checking", 0)
    page = importing.client.get(f"{importing.url}{job.pk}/")
    assert "0 of 2,501 lines are checked." in text(page) and b"data-works" in page.content
    seen = []
    while job.is_working:
        importing.client.post(f"{importing.url}{job.pk}/continue/")
        job.refresh_from_db()
        seen.append(job.checked_count)
    assert seen == [1000, 2000, 2501]
    assert job.lines.count() == 2501
    assert job.lines.get(outcome="refused").note == "Line 9 has the same address."
    importing.client.post(f"{importing.url}{job.pk}/continue/")
    assert job.lines.count() == 2501


def test_other_columns_check_all_lines_anew(acme, importing):
    job = importing.check("Name,Email,Other\nCy,cy@acme.example,dee@acme.example\n")
    importing.client.post(f"{importing.url}{job.pk}/columns/", {"full_name": "0", "email": "2"})
    assert [line.email for line in finished(job).lines.all()] == ["dee@acme.example"]


def test_an_import_that_began_is_neither_discarded_nor_checked_anew(acme, importing):
    job = importing.run("Name,Email\nCy,cy@acme.example\n")
    importing.client.post(f"{importing.url}{job.pk}/discard/")
    assert PeopleImport.objects.filter(pk=job.pk).exists()
    with pytest.raises(ActionError):
        choose_columns(job=job, columns={"email": 1}, default_access=[], creates_groups=False)
    with pytest.raises(ActionError):
        start_import(job=job, by=acme.actor)
    assert advance(job=job, now=timezone.now()).state == "imported"
    assert EndUser.objects.filter(email="cy@acme.example").count() == 1


def test_a_discarded_import_is_gone_with_its_lines(acme, importing):
    job = importing.check("Name,Email\nCy,cy@acme.example\n")
    importing.client.post(f"{importing.url}{job.pk}/discard/")
    assert not PeopleImport.objects.filter(pk=job.pk).exists() and not ImportedLine.objects.exists()


def test_the_file_goes_with_the_import_and_the_report_after_a_week(acme, importing):
    job = importing.run("Name,Email\nCy,cy@acme.example\n")
    assert job.text == ""
    old = timezone.now() - timedelta(days=7, minutes=1)
    PeopleImport.objects.filter(pk=job.pk).update(updated_at=old)
    forget_expired(timezone.now())
    assert list(PeopleImport.objects.all()) == [acme.job]
    assert not ImportedLine.objects.exists()
    assert EndUser.objects.filter(email="cy@acme.example").exists()


def test_the_page_of_an_import_takes_as_many_queries_for_any_number_of_lines(acme, importing, query_count):
    few = importing.check("Name,Email\nCy,cy@acme.example\nDee,dee@acme.example\n")
    many = importing.check("Name,Email\n" + "".join(f"P{n},p{n}@acme.example\n" for n in range(300)))
    counts = [query_count(importing.client, f"{importing.url}{job.pk}/") for job in (few, many)]
    assert counts[1] - counts[0] <= 1  # more than a page of lines is counted
    assert len(importing.client.get(f"{importing.url}{many.pk}/").content) < 50_000


def test_pushed_members_and_lines_do_not_disturb_each_other(acme, importing):
    """A membership by an IdP counts: nobody gets a second one by hand."""
    pushed_group(acme.test, "Ops", acme.bo)
    job = importing.check("Email,Groups\nbo@acme.example,TEST: Ops\n")
    assert outcomes(job) == [(2, "unchanged", "")]
    assert OKTA_ACTOR.name == "Okta Dev"


def test_imports_are_listed_for_all_managers(acme, globex, as_role, importing):
    job = uploaded(acme.prod)
    page = text(as_role("admin").get(importing.url))
    assert "people.csv" in page and "Columns not chosen yet" in page
    assert str(job.pk) in as_role("admin").get(importing.url).content.decode()
    assert str(globex.job.pk) not in as_role("admin").get(importing.url).content.decode()
