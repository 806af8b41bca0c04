"""Login experience: what is saved, previewed, copied and reset, by whom, and what each mistake is told."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import PASSWORD
from tests.workspace import branding
from tests.workspace.access import LOGIN_EXPERIENCE_PAGES, MANAGERS
from tests.workspace.branding import png, svg, upload, woff2
from tests.workspace.pages import text
from workspace.actions.login_experience import forget_unsaved_looks, keep_draft
from workspace.branding.look import COLOURS, Look
from workspace.models import BrandingFile, ChangeEvent, LoginExperience, LoginExperienceDraft

PAGE = "/workspaces/acme/dev/login-experience/"
DEFAULTS = {name: default for name, (_, default) in COLOURS.items()}
FORM = DEFAULTS | {"seen": "0", "app_name": "", "footer": "", "font": "system"}
every_page = pytest.mark.parametrize(("path", "readers"), list(LOGIN_EXPERIENCE_PAGES.values()))
both_methods = pytest.mark.parametrize("method", ["get", "post"])


def save(client, **typed):
    return client.post(PAGE, FORM | {"do": "save"} | typed)


def preview(client, **typed):
    return client.post(PAGE, FORM | {"do": "preview"} | typed)


def look(environment) -> Look:
    found = LoginExperience.objects.filter(environment=environment).first()
    return found.look if found else Look()


def state():
    return (
        ChangeEvent.objects.count(),
        [found.look for found in LoginExperience.objects.order_by("pk")],
        BrandingFile.objects.count(),
        LoginExperienceDraft.objects.count(),
    )


def shown(response) -> dict[str, str]:
    """What the fields of the page show."""
    page = response.content.decode()
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page)}


class TestWhoMay:
    @pytest.fixture
    def address(self, acme):
        digest = branding.brand(acme.dev).logo
        return lambda path, place="acme": f"/workspaces/{place}/dev/{path.format(digest=digest)}"

    @every_page
    @pytest.mark.parametrize("role", ["viewer", "admin", "owner"])
    def test_each_role_reads_what_it_may(self, as_role, address, path, readers, role):
        assert as_role(role).get(address(path)).status_code == (200 if role in readers else 403)

    @every_page
    def test_a_viewer_changes_nothing(self, as_role, address, path, readers):
        before = state()
        assert as_role("viewer").post(address(path), FORM | {"do": "save", "app_name": "x"}).status_code in (403, 405)
        assert state() == before

    @every_page
    @both_methods
    def test_another_workspace_is_as_absent_as_none(self, globex, owner, address, path, readers, method):
        before = state()
        assert getattr(owner, method)(address(path, "globex")).status_code == 404
        assert state() == before

    @every_page
    @both_methods
    def test_without_signing_in_there_is_only_the_sign_in_page(self, client, address, path, readers, method):
        assert getattr(client, method)(address(path))["Location"].startswith("/sign-in/?next=")

    def test_a_viewer_sees_values_and_no_buttons(self, as_role, acme):
        branding.brand(acme.dev, app_name="Portal")
        page = as_role("viewer").get(PAGE).content.decode()
        assert 'value="Portal"' in page and "Save changes" not in page and "Reset to default" not in page
        assert "<fieldset" in page and " disabled" in page

    def test_a_file_of_another_environment_is_absent(self, owner, acme, globex):
        for foreign in (acme.test, globex.dev):
            digest = branding.brand(foreign).logo
            if foreign == globex.dev:
                BrandingFile.objects.filter(environment=acme.test).delete()
            assert owner.get(f"{PAGE}files/{digest}/").status_code == 404

    def test_a_preview_of_another_environment_is_absent(self, owner, acme, globex):
        for foreign in (acme.test, globex.dev):
            draft = LoginExperienceDraft.objects.create(environment=foreign, values=Look().values)
            assert owner.get(f"{PAGE}preview/{draft.pk}/style.css").status_code == 404
        assert owner.get(f"{PAGE}preview/nonsense/style.css").status_code == 404

    def test_all_pages_that_change_are_for_managers(self):
        assert {name for name, (_, readers) in LOGIN_EXPERIENCE_PAGES.items() if readers == MANAGERS} == {
            "login-experience-reset"
        }


class TestSaving:
    def test_everything_is_saved_at_once(self, owner, acme):
        files = {
            "logo": upload(png()),
            "favicon": upload(png((16, 16)), "icon.png"),
            "font_file": upload(woff2(), "a.woff2"),
        }
        typed = {"app_name": "  Acme   Portal ", "footer": "[Privacy](https://a.example)", "brand_color": "#a01e5a"}
        response = save(owner, **files, **typed)
        assert response["Location"] == PAGE
        found = look(acme.dev)
        assert (found.app_name, found.footer, found.brand_color) == ("Acme Portal", typed["footer"], "#A01E5A")
        assert found.font == "uploaded"
        digests = {file.kind: file.digest for file in acme.dev.branding_files.all()}
        assert {kind: getattr(found, kind) for kind in digests} == digests and len(digests) == 3
        assert "End users of DEV see the new look now." in text(owner.get(PAGE))

    def test_one_event_says_what_changed_without_bytes(self, owner, acme):
        branding.brand(acme.dev, app_name="Old")
        number = ChangeEvent.objects.count()
        save(owner, seen="1", app_name="New", logo=upload(svg('<path d="M0"/>'), "new.svg"))
        assert ChangeEvent.objects.count() == number + 1
        event = ChangeEvent.objects.latest("pk")
        assert (event.action, event.environment_id) == ("login_experience.changed", acme.dev.pk)
        assert event.sentence == "owner@acme.example changed the login experience of DEV."
        assert set(event.before) == set(event.after) == {"app_name", "logo"}
        size = len(svg('<path d="M0"/>'))
        digest = look(acme.dev).logo
        assert event.after["logo"] == {"name": "new.svg", "type": "image/svg+xml", "bytes": size, "sha256": digest}
        page = text(owner.get(f"/workspaces/acme/dev/audit-log/{event.pk}/"))
        assert "new.svg" in page and "Old" in page

    def test_nothing_new_makes_no_event(self, owner, acme):
        branding.brand(acme.dev)
        before = state()
        save(owner, seen="1", logo_kept=look(acme.dev).logo)
        assert state() == before
        assert "Nothing was changed." in text(owner.get(PAGE))

    def test_a_file_stays_until_it_is_removed_or_replaced(self, owner, acme):
        kept = branding.brand(acme.dev).logo
        save(owner, seen="1", app_name="New", logo_kept=kept)
        assert look(acme.dev).logo == kept
        save(owner, seen="2", logo_kept=kept, logo_removed="on")
        assert look(acme.dev).logo == ""
        save(owner, seen="3", logo_kept="", logo_removed="on", logo=upload(png((9, 9))))
        assert look(acme.dev).logo not in ("", kept)

    def test_a_moved_picker_counts_without_a_script(self, owner, acme):
        save(owner, brand_color_picked="#a01e5a", brand_color_shown="#108291")
        assert look(acme.dev).brand_color == "#A01E5A"
        save(owner, seen="1", brand_color="#222222", brand_color_picked="#108291", brand_color_shown="#108291")
        assert look(acme.dev).brand_color == "#222222"

    def test_an_older_page_does_not_overwrite_a_newer_look(self, owner, as_role, acme):
        save(as_role("admin"), app_name="Theirs")
        response = save(owner, app_name="Mine", footer="My footer")
        assert look(acme.dev).app_name == "Theirs"
        assert "Somebody saved the login experience of DEV after you opened this page." in text(response)
        fields = shown(response)
        assert fields["app_name"] == "Mine" and fields["seen"] == "1"
        assert "My footer" in response.content.decode()
        save(owner, app_name="Mine", seen=fields["seen"])
        assert look(acme.dev).app_name == "Mine"

    def test_a_page_from_before_a_reset_does_not_overwrite(self, owner, acme):
        branding.brand(acme.dev, app_name="One")
        owner.post(f"{PAGE}reset/")
        branding.brand(acme.dev, app_name="Two")
        save(owner, seen="1", app_name="Late")
        assert look(acme.dev).app_name == "Two"

    def test_a_look_goes_with_its_environment(self, acme):
        branding.brand(acme.prod)
        LoginExperienceDraft.objects.create(environment=acme.prod, values=Look().values)
        acme.prod.delete()
        assert not (BrandingFile.objects.exists() or LoginExperience.objects.exists())
        assert not LoginExperienceDraft.objects.exists()


class TestMistakes:
    @pytest.mark.parametrize(
        ("typed", "told"),
        [
            ({"brand_color": "red"}, "Write the color as # and six digits"),
            ({"page_background": "#12345"}, "Write the color as # and six digits"),
            ({"form_background": ""}, "This field is required."),
            ({"app_name": "x" * 200}, "Shorten the app name to at most 100 characters."),
            ({"app_name": "a\u202eb"}, "Remove the invisible characters"),
            ({"app_name": "\u200b\u200d"}, "Enter a name that can be seen"),
            ({"footer": "<script>x</script>"}, "Leave HTML out."),
            ({"footer": "x" * 1_000_000}, "Shorten the footer to at most 5,000 characters."),
            ({"footer": "a\0b"}, "Null characters are not allowed."),
            ({"font": "comic"}, "Select a valid choice."),
            ({"font": "uploaded"}, "Choose a WOFF2 file, or one of the other fonts."),
            ({"logo": upload(b"GIF89a", "logo.png")}, "This file is a GIF file, not a PNG or an SVG"),
            ({"logo": upload(b"x" * 5_000_001)}, "Choose one of at most 5 MB."),
            ({"logo": upload(b"")}, "The submitted file is empty."),
            ({"favicon": upload(b"x" * 1_000_001)}, "Choose one of at most 1 MB."),
            ({"font_file": upload(b"OTTO" * 20, "a.woff2")}, "This file is not a WOFF2 font."),
            ({"logo_kept": "0" * 64}, "Choose the file again."),
            ({"seen": "x"}, "Enter a whole number."),
        ],
    )
    @pytest.mark.parametrize("do", ["save", "preview"])
    def test_each_is_told_and_changes_nothing(self, owner, acme, typed, told, do):
        for each in typed.values():
            if hasattr(each, "seek"):
                each.seek(0)
        before = state()
        response = owner.post(PAGE, FORM | {"do": do, "primary_text_color": "#123456"} | typed)
        assert told in text(response)
        assert state() == before
        assert shown(response)["primary_text_color"] == "#123456"

    def test_a_good_file_is_kept_beside_another_mistake(self, owner, acme):
        response = save(owner, logo=upload(png(), "acme.png"), brand_color="red")
        kept = shown(response)["logo_kept"]
        assert kept and "acme.png" in text(response) and look(acme.dev) == Look()
        save(owner, logo_kept=kept)
        assert look(acme.dev).logo == kept

    def test_a_file_far_too_large_leaves_the_other_fields_readable(self, owner):
        response = save(owner, app_name="Typed", logo=upload(b"x" * 12_000_000))
        assert "This file has 12.0 MB. Choose one of at most 5 MB." in text(response)
        assert shown(response)["app_name"] == "Typed"

    def test_a_body_beyond_all_files_is_refused_unread(self, owner):
        assert save(owner, logo=upload(b"x" * 21_000_000)).status_code == 400

    def test_who_was_signed_out_gets_what_was_typed_back(self, acme):
        nobody = Client()
        response = save(nobody, app_name="Typed", logo=upload(b"x" * 3_000_000))
        assert "what you typed comes back" in text(response)
        fields = {"email": "owner@acme.example", "password": PASSWORD, "next": PAGE, "kept": shown(response)["kept"]}
        page = nobody.post("/sign-in/", fields, follow=True)
        assert page.redirect_chain[-1][0] == PAGE and 'value="Typed"' in page.content.decode()
        assert not BrandingFile.objects.exists()

    def test_what_was_left_out_of_an_svg_is_told(self, owner):
        response = preview(owner, logo=upload(svg("<script/><path d='M0'/>"), "a.svg"))
        assert "Left out of a.svg: script. Check the preview." in text(response)

    def test_a_hostile_name_of_a_file_is_only_text(self, owner, acme):
        response = save(owner, brand_color="red", logo=upload(png(), '"><script>alert(1)</script>.png'))
        assert "<script>alert" not in response.content.decode()


class TestPreview:
    def test_it_changes_nothing_for_end_users(self, owner, acme, client):
        before = client.get("/sign-in/acme/dev/").content
        response = preview(owner, app_name="Draft", logo=upload(png()))
        assert "Preview, not saved yet" in text(response)
        assert look(acme.dev) == Look() and not ChangeEvent.objects.filter(action__startswith="login_exp").exists()
        assert neutral(client.get("/sign-in/acme/dev/").content) == neutral(before)

    def test_it_does_not_let_an_older_page_overwrite(self, owner, as_role, acme):
        save(as_role("admin"), app_name="Theirs")
        assert shown(preview(owner, app_name="Mine"))["seen"] == "0"

    def test_a_faint_color_is_told_and_one_press_mends_it(self, owner, acme):
        response = preview(owner, secondary_text_color="#cc7777")
        better = re.search(r'name="use" value="secondary_text_color=(#\w{6})"', response.content.decode())[1]
        assert f"The nearest Secondary text color that passes is {better}." in text(response)
        mended = owner.post(PAGE, FORM | {"secondary_text_color": "#cc7777", "use": f"secondary_text_color={better}"})
        assert shown(mended)["secondary_text_color"] == better
        assert "The nearest" not in text(mended)
        assert look(acme.dev) == Look()

    def test_what_nobody_saved_goes_after_a_day(self, owner, acme):
        used = branding.brand(acme.dev).logo
        preview(owner, seen="1", favicon=upload(png()))
        now = timezone.now()
        assert forget_unsaved_looks(now) == 0
        assert forget_unsaved_looks(now + timedelta(days=2)) == 2
        assert [file.digest for file in BrandingFile.objects.all()] == [used]

    def test_of_many_uploads_and_previews_only_the_newest_are_kept(self, owner, acme):
        used = branding.brand(acme.dev).logo
        for side in range(1, 40):
            branding.keep(acme.dev, "logo", branding.clean_logo(png((side, side))))
            keep_draft(environment=acme.dev, look=Look(), now=timezone.now())
        assert acme.dev.branding_files.count() <= 32 and acme.dev.login_experience_drafts.count() <= 32
        assert acme.dev.branding_files.filter(digest=used).exists()
        assert acme.dev.branding_files.filter(
            digest=branding.keep(acme.dev, "logo", branding.clean_logo(png((39, 39))))
        )


class TestCopy:
    def test_it_fills_the_form_and_saves_nothing(self, owner, acme):
        theirs = branding.brand(acme.test, app_name="From TEST", brand_color="#A01E5A")
        before = ChangeEvent.objects.count()
        response = owner.post(PAGE, {"copy_from": "test"})
        fields = shown(response)
        assert (fields["app_name"], fields["brand_color"], fields["logo_kept"]) == ("From TEST", "#A01E5A", theirs.logo)
        assert "It is not saved here yet" in text(response)
        assert look(acme.dev) == Look() and ChangeEvent.objects.count() == before
        save(owner, **{name: fields[name] for name in ("app_name", "brand_color", "logo_kept")})
        assert look(acme.dev) == theirs

    def test_only_environments_of_the_workspace_are_copied(self, owner, acme, globex):
        branding.brand(globex.test)
        for slug in ("dev", "staging", "globex"):
            assert owner.post(PAGE, {"copy_from": slug}).status_code == 404
        assert owner.post(PAGE, {"copy_from": "test"}).status_code == 200


class TestReset:
    def test_it_asks_with_what_goes(self, owner, acme):
        branding.brand(acme.dev, app_name="Portal")
        page = text(owner.get(f"{PAGE}reset/"))
        assert "What goes: App name Logo" in page and "End users of DEV see the default look at once." in page
        owner.post(f"{PAGE}reset/")
        assert look(acme.dev) == Look()
        event = ChangeEvent.objects.latest("pk")
        assert event.action == "login_experience.reset" and event.before["app_name"] == "Portal"
        assert "End users see the default look now." in text(owner.get(PAGE))

    def test_with_nothing_to_reset_it_asks_nothing_and_makes_no_event(self, owner, acme):
        before = state()
        page = owner.get(f"{PAGE}reset/").content.decode()
        assert "Nothing differs from the default." in page and "button-danger" not in page
        owner.post(f"{PAGE}reset/")
        assert state() == before


def test_the_page_takes_the_same_queries_however_much_is_kept(owner, acme, query_count):
    few = query_count(owner, PAGE)
    branding.brand(acme.dev)
    for side in range(1, 9):
        branding.keep(acme.dev, "logo", branding.clean_logo(png((side, side))))
        LoginExperienceDraft.objects.create(environment=acme.dev, values=Look().values)
    assert query_count(owner, PAGE) <= few + 1


def test_the_page_weighs_less_than_50_kilobytes(owner, acme):
    branding.brand(acme.dev, footer="x" * 5_000)
    assert len(owner.get(PAGE).content) < 50_000


def neutral(page: bytes) -> bytes:
    return re.sub(rb'value="\w{64}"|[0-9a-f]{8}-[0-9a-f-]{27}', b"", page)
