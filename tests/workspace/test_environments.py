"""Environments: added, changed, ordered and removed, each with its event, and as good as those that came first."""

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver

from authentication.models import EnvironmentPolicy
from provisioning.models import GroupMapping
from tests import factories
from tests.workspace.access import ENVIRONMENT_PAGES
from tests.workspace.pages import text
from tests.workspace.races import at_once
from workspace.actions.environments import (
    RESERVED,
    WRONG_SHORT_NAME,
    add_environment,
    change_environment,
    move_environment,
    remove_environment,
)
from workspace.actions.workspaces import create_workspace
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, Environment, EnvironmentAccess, Workspace
from workspace.refusals import ActionError
from workspace.urls import workspace_patterns

pytestmark = pytest.mark.django_db
Kind, Colour = Environment.Kind, Environment.Colour
LIST = "/workspaces/acme/dev/environments/"


def add(workspace, name: str = "Staging", slug: str = "", kind=Kind.TEST, colour=Colour.TEAL) -> Environment:
    return add_environment(workspace=workspace, name=name, slug=slug, kind=kind, colour=colour, by=SYSTEM)


@pytest.fixture
def owner(acme):
    return factories.sign_in(Client(), acme.roles["owner"])


def slugs(place) -> list[str]:
    return [each.slug for each in Workspace.objects.get(pk=place.workspace.pk).environments.all()]


class TestAdding:
    def test_it_comes_last_with_everyone_and_its_event(self, acme):
        added = add(acme.workspace, "  Staging   EU ")
        assert (added.name, added.slug, slugs(acme)[-1]) == ("Staging EU", "staging-eu", "staging-eu")
        assert added.groups.get().is_everyone
        event = ChangeEvent.objects.latest("id")
        assert event.sentence == "System added the environment Staging EU."
        assert event.after == {"name": "Staging EU", "kind": "test", "colour": "teal", "short_name": "staging-eu"}
        assert str(acme.workspace.pk) in {str(each.subject_id) for each in event.subjects.all()}

    def test_the_first_ones_urls_stay(self, db, client):
        workspace = create_workspace(name="Solo", slug="solo", by=SYSTEM)
        browser = factories.sign_in(client, factories.administrator(workspace))
        pages = ["/workspaces/solo/prod/groups/", "/sign-in/solo/prod/", "/workspaces/solo/"]
        before = [browser.get(page).status_code for page in pages]
        add(workspace)
        assert [browser.get(page).status_code for page in pages] == before
        assert browser.get("/workspaces/solo/")["Location"] == "/workspaces/solo/prod/groups/"

    def test_it_is_as_good_as_the_others(self, acme, owner):
        added = add(acme.workspace)
        assert EnvironmentPolicy.objects.of(added).is_password_enabled
        ada = factories.end_user(added, name="Zoe Adams")
        factories.group(added, ada)
        use = factories.identity_provider(added)
        assert factories.scim_token(use) and use.connection.environment == added
        for path in ("groups/", "authentication/", "end-users/", "sign-in-attempts/", "audit-log/", "access-control/"):
            assert owner.get(f"/workspaces/acme/staging/{path}").status_code == 200
        assert Client().get("/sign-in/acme/staging/").status_code == 200
        page = text(owner.get(f"/workspaces/acme/staging/groups/{added.groups.get(is_everyone=True).pk}/"))
        assert "Zoe Adams" in page

    @pytest.mark.parametrize(
        ("name", "slug"),
        [("Größe 2", "groe-2"), ("Stage", " Stage "), ("Stage", "ＳＴＡＧＥ"), ("S", "a-b-1"), ("テスト", "test-2")],
    )
    def test_short_names_are_made_plain(self, acme, name, slug):
        made = add(acme.workspace, name, slug if name != "Größe 2" else "")
        assert made.slug.isascii() and made.slug == made.slug.lower().strip()

    @pytest.mark.parametrize(
        "slug", ["größe", "a b", "-a", "a-", "a--b", "a_b", "a/b", "..", "тест", "stage\u200b", "ⅷ\u0301", "%2e"]
    )
    def test_other_short_names_are_an_error_of_the_field(self, acme, slug):
        with pytest.raises(ActionError) as refused:
            add(acme.workspace, "Stage", slug)
        assert (refused.value.field, refused.value.message) == ("slug", WRONG_SHORT_NAME)

    @pytest.mark.parametrize("slug", [*sorted(RESERVED), "Removed", "dev", "DEV", "x" * 51])
    def test_reserved_taken_and_long_ones_too(self, acme, slug):
        with pytest.raises(ActionError) as refused:
            add(acme.workspace, "Stage", slug)
        assert refused.value.field == "slug"

    def test_a_name_without_letters_of_urls_asks_for_a_short_name(self, acme):
        with pytest.raises(ActionError) as refused:
            add(acme.workspace, "テスト")
        assert refused.value.field == "slug"

    @pytest.mark.parametrize("name", ["dev", "ＤＥＶ", " Dev ", "", "\u200b", "x" * 51, "a\u202eb"])
    def test_names_are_clean_and_unique_in_any_spelling(self, acme, name):
        with pytest.raises(ActionError) as refused:
            add(acme.workspace, name, "other")
        assert refused.value.field == "name"

    def test_the_same_names_in_another_workspace_are_free(self, acme, globex):
        assert add(acme.workspace).slug == add(globex.workspace).slug

    def test_there_is_a_most(self, acme):
        for number in range(17):
            add(acme.workspace, f"Stage {number}")
        with pytest.raises(ActionError, match="Acme has 20 environments"):
            add(acme.workspace, "One more")

    @pytest.mark.django_db(transaction=True)
    def test_of_two_at_once_with_one_name_one_is_added(self, transactional_db):
        workspace = factories.workspace("acme")
        assert sorted(at_once(*[lambda: add(workspace)] * 2)) == ["done", "name_taken"]
        assert [each.position for each in workspace.environments.all()] == [0, 1, 2, 3]


class TestChanging:
    def test_name_kind_and_colour_change_and_the_urls_stay(self, acme, owner):
        page = owner.post(f"{LIST}{acme.dev.pk}/edit/", {"name": "Lab", "kind": "test", "colour": "pink"}, follow=True)
        assert "The environment is saved." in text(page)
        changed = Environment.objects.get(pk=acme.dev.pk)
        assert (changed.name, changed.kind, changed.colour, changed.slug) == ("Lab", "test", "pink", "dev")
        event = ChangeEvent.objects.latest("id")
        assert event.sentence == "owner@acme.example renamed the environment DEV to Lab."
        assert (event.before["name"], event.after["name"]) == ("DEV", "Lab")

    def test_the_same_changes_nothing(self, acme, owner):
        before = ChangeEvent.objects.count()
        data = {"name": "DEV", "kind": "dev", "colour": "blue"}
        assert "Nothing was changed." in text(owner.post(f"{LIST}{acme.dev.pk}/edit/", data, follow=True))
        assert ChangeEvent.objects.count() == before

    def test_a_name_of_another_is_refused(self, acme):
        with pytest.raises(ActionError) as refused:
            change_environment(environment=acme.dev, name="prod", kind=Kind.DEV, colour=Colour.BLUE, by=SYSTEM)
        assert refused.value.field == "name"

    def test_they_are_put_in_another_order(self, acme, owner):
        owner.post(f"{LIST}{acme.prod.pk}/move/", {"direction": "up"})
        assert slugs(acme) == ["dev", "prod", "test"]
        event = ChangeEvent.objects.latest("id")
        assert (event.before["order"], event.after["order"]) == (["DEV", "TEST", "PROD"], ["DEV", "PROD", "TEST"])
        owner.post(f"{LIST}{acme.dev.pk}/move/", {"direction": "down"})
        assert slugs(acme) == ["prod", "dev", "test"]

    @pytest.mark.parametrize(("which", "is_up"), [("dev", True), ("prod", False)])
    def test_beyond_the_ends_there_is_no_place(self, acme, which, is_up):
        before = ChangeEvent.objects.count()
        assert not move_environment(environment=getattr(acme, which), is_up=is_up, by=SYSTEM)
        assert ChangeEvent.objects.count() == before

    def test_what_is_gone_meanwhile_is_refused(self, acme):
        Environment.objects.filter(pk=acme.test.pk).delete()
        with pytest.raises(ActionError, match="removed meanwhile"):
            move_environment(environment=acme.test, is_up=True, by=SYSTEM)


class TestRemoving:
    def test_an_unused_one_goes_after_its_name_was_typed(self, acme, owner):
        added = add(acme.workspace)
        url = f"{LIST}{added.pk}/remove/"
        assert "Type Staging to confirm" in text(owner.get(url))
        assert "This is not the name of the environment." in text(owner.post(url, {"name": "DEV"}))
        assert "Staging is removed." in text(owner.post(url, {"name": " staging "}, follow=True))
        assert "staging" not in slugs(acme)
        event = ChangeEvent.objects.latest("id")
        assert (event.action, event.workspace_id) == ("environment.removed", acme.workspace.pk)
        assert Client().get("/sign-in/acme/staging/").status_code == 404

    def test_from_a_page_of_itself_it_leads_to_another(self, acme, owner):
        added = add(acme.workspace)
        response = owner.post(f"/workspaces/acme/staging/environments/{added.pk}/remove/", {"name": "Staging"})
        assert response["Location"] == LIST

    def test_people_providers_and_mappings_keep_it(self, acme, owner):
        added = add(acme.workspace)
        factories.end_user(added, name="Zoe Adams")
        use = factories.identity_provider(added)
        other = factories.identity_provider(acme.dev, name="Elsewhere")
        factories.scim_token(other)
        GroupMapping.objects.create(connection=other.connection, environment=added, name="Sales")
        page = text(owner.get(f"{LIST}{added.pk}/remove/"))
        for use_in_words in ("1 end user with access", "1 identity provider", "1 mapping that leads to it"):
            assert use_in_words in page
        with pytest.raises(ActionError, match="Remove them first"):
            remove_environment(environment=added, by=SYSTEM)
        EnvironmentAccess.objects.filter(environment=added).delete()
        GroupMapping.objects.all().delete()
        use.delete()
        remove_environment(environment=added, by=SYSTEM)

    def test_the_last_one_stays(self, db):
        workspace = create_workspace(name="Solo", slug="solo", by=SYSTEM)
        with pytest.raises(ActionError, match="is the only environment of Solo"):
            remove_environment(environment=workspace.environments.get(), by=SYSTEM)

    @pytest.mark.django_db(transaction=True)
    def test_of_the_last_two_that_go_at_once_one_stays(self, transactional_db):
        for number in range(5):
            workspace = create_workspace(name="Two", slug=f"two-{number}", kinds=(Kind.DEV, Kind.PROD), by=SYSTEM)
            ends = [
                lambda each=each: remove_environment(environment=each, by=SYSTEM)
                for each in workspace.environments.all()
            ]
            assert sorted(at_once(*ends)) == ["done", "in_use"]
            assert workspace.environments.count() == 1


class TestPages:
    @pytest.mark.parametrize(("path", "readers"), list(ENVIRONMENT_PAGES.values()))
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_roles_and_other_workspaces(self, acme, globex, path, readers, method):
        added, foreign = add(acme.workspace), add(globex.workspace)
        url, ends = f"/workspaces/acme/dev/{path.format(other=added.pk)}", "/move/" in path and method == "get"
        for role in ("viewer", "admin", "owner"):
            status = getattr(factories.sign_in(Client(), acme.roles[role]), method)(url).status_code
            assert status == (302 if ends else 403 if role not in readers else status)
            assert status in ({200, 302} if role in readers else {403}) | ({302} if ends else set())
        outsider = factories.sign_in(Client(), globex.roles["owner"])
        assert getattr(outsider, method)(url).status_code == (302 if ends else 404)
        if "{other}" in path:
            own = f"/workspaces/acme/dev/{path.format(other=foreign.pk)}"
            owner = factories.sign_in(Client(), acme.roles["owner"])
            assert getattr(owner, method)(own).status_code == (302 if ends else 404)
        assert getattr(Client(), method)(url).status_code == 302

    def test_the_switch_ends_with_them_and_shows_the_colours(self, acme, owner):
        page = owner.get("/workspaces/acme/dev/groups/").content.decode()
        switch = page.partition('id="environment-switch"')[2].partition("</nav>")[0]
        assert switch.rstrip().rstrip("</ul>").rstrip().endswith("</a></li>") and "Manage" in switch
        assert switch.index("PROD") < switch.index(LIST) and "mark-blue" in switch and "mark-amber" in switch

    def test_a_workspace_with_one_has_the_entry_too(self, db, client):
        workspace = create_workspace(name="Solo", slug="solo", by=SYSTEM)
        browser = factories.sign_in(client, factories.administrator(workspace))
        assert "/workspaces/solo/prod/environments/" in browser.get("/workspaces/solo/prod/groups/").content.decode()

    def test_a_viewer_reads_the_list_without_buttons(self, acme):
        viewer = factories.sign_in(Client(), acme.roles["viewer"])
        page = text(viewer.get(LIST))
        assert "Production" in page and "Add environment" not in page and "Move up" not in page

    def test_mistakes_keep_what_was_typed(self, acme, owner):
        data = {"name": "Stage", "slug": "a b", "kind": "test", "colour": "pink"}
        page = owner.post(f"{LIST}new/", data)
        assert str(WRONG_SHORT_NAME) in text(page) and 'value="a b"' in page.content.decode()

    def test_removing_asks_for_the_password_again(self, acme):
        client = Client()
        client.force_login(acme.roles["owner"].user)
        added = add(acme.workspace)
        assert client.post(f"{LIST}{added.pk}/remove/", {"name": "Staging"})["Location"].startswith(
            "/confirm-identity/"
        )

    def test_no_page_of_ours_stands_where_an_environment_could(self):
        assert _after_workspace(workspace_patterns) <= RESERVED


def _after_workspace(patterns: list[URLPattern | URLResolver]) -> set[str]:
    """What literally follows `workspaces/<workspace>/` in URLs."""
    routes = [str(each.pattern) for each in patterns]
    after = [route.removeprefix("workspaces/<slug:workspace>/") for route in routes if route.startswith("workspaces/<")]
    return {route.partition("/")[0] for route in after if route and not route.startswith("<")}
