"""Pages in the language of who asks, and stored sentences in the language of the page."""

from datetime import UTC, date, datetime

import pytest
from django.test import Client
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy
from django.utils.translation.trans_real import translation as messages_of

from provisioning.models import GroupMapping
from workspace.actions.administrators import remove_administrator
from workspace.actions.groups import rename_group
from workspace.actions.unlocking import unlock_account
from workspace.events import JOBS, Actor, Called, Sentence
from workspace.isolation import OPEN
from workspace.models import Administrator, ChangeEvent, EndUser, Environment, LoginExperience, OutgoingMail, User
from workspace.sentences import _messages, told, word_in
from workspace.template_loader import isolate_values
from workspace.visits import browser_of
from workspace.words import count, day, fields_in_words, grouped, moment, together

BY = Actor("system", "", "System")


@pytest.fixture
def german(monkeypatch):
    """A catalogue with a few messages, whatever has been translated."""
    catalog = messages_of("de")._catalog
    messages = {
        "{by} painted {people} in {place}.": "{by} hat in {place} {people} gestrichen.",
        ("robot", 0): "Roboter",
        ("robot", 1): "Roboter",
        "Viewer": "Betrachter",
        "and": "und",
    }
    monkeypatch.setattr(catalog, "_catalogs", [messages, *catalog._catalogs])
    monkeypatch.setattr(catalog, "_plurals", [catalog._plurals[0], *catalog._plurals])
    _messages.cache_clear()
    with translation.override("de"):
        yield
    _messages.cache_clear()


def shown(sentence: Sentence) -> str:
    return told(sentence.text, sentence.links)


@pytest.mark.parametrize(
    ("people", "english", "translated"),
    [
        (lambda: "Ada", "Ada", "Ada"),
        (lambda: count(1, "robot", "robots"), "1 robot", "1 Roboter"),
        (lambda: count(3000, "robot", "robots"), "3,000 robots", "3.000 Roboter"),
        (lambda: gettext_lazy("Viewer"), "Viewer", "Betrachter"),
        (lambda: together(["Ada and Bob", "Otto"]), "Ada and Bob and Otto", "Ada and Bob und Otto"),
        (lambda: together(["Ada", "Otto", "Zoë"]), "Ada, Otto and Zoë", "Ada, Otto und Zoë"),
    ],
)
def test_a_sentence_is_stored_in_english_and_shown_in_the_language_of_the_page(german, people, english, translated):
    sentence = Sentence("{by} painted {people} in {place}.", by=BY, people=people(), place="Sales")
    assert sentence.text == f"System painted {english} in Sales."
    assert shown(sentence) == f"System hat in Sales {translated} gestrichen."
    with translation.override("en"):
        assert shown(sentence) == sentence.text


def test_a_sentence_without_a_translation_is_shown_as_it_is_stored(german):
    sentence = Sentence("{by} painted {place}.", by=BY, place="Sales")
    assert shown(sentence) == sentence.text


def test_a_list_whose_names_were_deleted_stays_as_it_is_stored(german):
    assert word_in("deleted and deleted", "names", "3,4") == "deleted and deleted"


@pytest.mark.parametrize(
    ("word", "english", "german"),
    [
        (fields_in_words(["issuer", "domains"]), "issuer and domains", "Aussteller (Entitäts-ID) und Domains"),
        (fields_in_words(["groups"]), "groups", "Gruppen"),
        (day(date(2026, 3, 3)), "3 March 2026", "3. März 2026"),
        (moment(datetime(2026, 3, 3, 9, tzinfo=UTC)), "3 March 2026, 09:00 UTC", "3. März 2026, 09:00 UTC"),
        (browser_of("Windows Firefox/1"), "Firefox on Windows", "Firefox unter Windows"),
        (browser_of(""), "Unknown browser", "Unbekannter Browser"),
        (GroupMapping(name="A", environment=Environment(name="DEV")), "A → DEV, access only", "A → DEV, nur Zugriff"),
        (Called(EndUser(), "issuer and domains"), "issuer and domains", "issuer and domains"),
        (Called(Administrator(), "Ada (Owner of Acme)"), "Ada (Owner of Acme)", "Ada (Inhaber von Acme)"),
        (Called(LoginExperience(), "Login experience of A"), "Login experience of A", "Anmeldeerlebnis von A"),
    ],
)
def test_words_that_are_no_names_are_told_in_the_language_of_the_page(word, english, german):
    sentence = Sentence("{word}", word=word)
    assert sentence.text == english == shown(sentence)
    with translation.override("de"):
        assert shown(sentence) == german


@pytest.mark.parametrize(
    ("template", "number", "english", "german"),
    [
        ("{by} took over the group {group}; {people} were set aside.", 0,
         "System took over the group Sales.", "System hat die Gruppe Sales übernommen."),
        ("{by} took over the group {group}; {people} were set aside.", 10,
         "System took over the group Sales and set 10 people aside.",
         "System hat die Gruppe Sales übernommen und 10 Personen beiseitegelegt."),
        ("{by} deleted the group {group} of {people}.", 0,
         "System deleted the group Sales.", "System hat die Gruppe Sales gelöscht."),
        ("{by} deleted the group {group} of {people}.", 1,
         "System deleted the group Sales of 1 person.", "System hat die Gruppe Sales mit 1 Person gelöscht."),
    ],
)  # fmt: skip
def test_a_sentence_of_an_older_release_tells_nothing_about_nobody(template, number, english, german):
    sentence = Sentence(template, by=BY, group="Sales", people=count(number, "person", "people"))
    assert shown(sentence) == english
    with translation.override("de"):
        assert shown(sentence) == german


@pytest.mark.parametrize(("language", "number"), [("en", "12,345"), ("de", "12.345")])
def test_numbers_are_grouped_as_readers_write_them(language, number):
    with translation.override(language):
        assert grouped(12345) == number


class TestTranslatedBlocks:
    """A name in a translated block is isolated where it is bound, because no filter may stand in the block."""

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("{% blocktranslate with n=p.name %}A {{ n }}", "{% blocktranslate with n=p.name|in_html %}A {{ n }}"),
            ("{% blocktranslate %}A {{ n }}", "{% blocktranslate with n=n|in_html %}A {{ n }}"),
            (
                '{% blocktranslate with u=x %}<a href="{{ u }}">{{ n }}</a>',
                '{% blocktranslate with n=n|in_html u=x %}<a href="{{ u }}">{{ n }}</a>',
            ),
            (
                "{% blocktranslate count i=n %}{{ i }} of {{ g }}{% plural %}{{ i }} in {{ g }}",
                "{% blocktranslate count i=n with g=g|in_html %}{{ i }} of {{ g }}{% plural %}{{ i }} in {{ g }}",
            ),
            (
                "{% blocktranslate asvar title %}A {{ n }}",
                "{% blocktranslate asvar title with n=n|in_plain_text %}A {{ n }}",
            ),
        ],
    )
    def test_values_in_text_are_bound_with_the_filter(self, source, expected):
        end = "{% endblocktranslate %}"
        assert isolate_values(source + end, "in_html") == expected + end

    def test_a_block_in_an_attribute_stays_as_it_is(self):
        source = '<a title="{% blocktranslate %}Edit {{ n }}{% endblocktranslate %}">{{ n }}</a>'
        assert isolate_values(source, "in_html") == source.replace("{{ n }}</a>", "{{ n|in_html }}</a>")

    def test_a_name_from_right_to_left_is_isolated_in_the_page(self, rf):
        from django.template import engines

        source = isolate_values("{% blocktranslate %}Remove {{ n }}?{% endblocktranslate %}", "in_html")
        page = engines["django"].from_string(source).render({"n": "נועה"})
        assert page == "Remove <bdi>נועה</bdi>?"
        assert OPEN not in page


@pytest.mark.django_db
class TestTheLanguageOfAPage:
    @pytest.mark.parametrize(
        ("header", "language"),
        [
            ("", "en"),
            ("de", "de"),
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("fr, de;q=0.5", "de"),
            ("fr", "en"),
            ("en-GB,en;q=0.9,de;q=0.8", "en"),
            ("*", "en"),
            ("de;q=0, en", "en"),
            ("\x7f;;q=x,,", "en"),
        ],
    )
    def test_the_browser_asks_for_it(self, client, header, language):
        page = client.get("/sign-in/", headers={"Accept-Language": header})
        assert f'<html lang="{language}"' in page.content.decode()
        assert page["Content-Language"] == language
        assert "Accept-Language" in page["Vary"]
        assert translation.get_language() == "en", "the next request of this thread begins anew"

    @pytest.mark.parametrize("path", ["/nowhere/", "/account/theme/", "/sign-in/nowhere/dev/"])
    def test_error_pages_have_it_too(self, client, path):
        page = client.get(path, headers={"Accept-Language": "de"}, follow=True)
        assert '<html lang="de"' in page.content.decode()

    def test_operators_pages_are_english(self, client):
        page = client.get("/operator/", headers={"Accept-Language": "de"})
        assert not page.headers.get("Content-Language")
        assert translation.get_language() == "en"


@pytest.mark.django_db
class TestTheChoiceInYourAccount:
    @pytest.mark.parametrize("browsers", ["en", "de"])
    def test_pages_follow_it_whatever_the_browser_asks_for(self, acme, client, browsers):
        ada = acme.roles["owner"].user
        client.force_login(ada)
        asked = {"Accept-Language": browsers}
        for language, shown_in in [("de", "de"), ("en", "en"), ("", browsers)]:
            page = client.post("/account/language/", {"language": language}, headers=asked, follow=True)
            ada.refresh_from_db()
            assert ada.language == language
            assert page["Content-Language"] == shown_in
            page = client.get(f"{acme.url}groups/", headers=asked)
            assert f'<html lang="{shown_in}"' in page.content.decode()
            assert page["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("language", ["fr", "xx", "d" * 1000, "de\0"])
    def test_another_is_refused(self, acme, client, language):
        client.force_login(acme.roles["owner"].user)
        page = client.post("/account/language/", {"language": language}, follow=True)
        assert "Choose one of the languages." in page.content.decode()
        assert User.objects.get(pk=acme.roles["owner"].user.pk).language == ""

    def test_a_language_that_is_gone_is_as_if_none_was_chosen(self, acme, client):
        User.objects.filter(pk=acme.roles["owner"].user.pk).update(language="fr")
        client.force_login(acme.roles["owner"].user)
        assert client.get("/account/", headers={"Accept-Language": "de"})["Content-Language"] == "de"


@pytest.mark.django_db
class TestGerman:
    def test_an_end_user_is_asked_to_sign_in_in_the_browsers_language(self, acme, client):
        for language, word in [("de", "Anmelden"), ("en", "Sign in")]:
            page = client.get("/sign-in/acme/dev/", headers={"Accept-Language": language}).content.decode()
            assert word in page and f'<html lang="{language}"' in page

    def test_an_event_is_told_to_each_administrator_in_their_language(self, acme):
        owner, admin = acme.roles["owner"].user, acme.roles["admin"].user
        User.objects.filter(pk=owner.pk).update(language="de")
        acme.support.environment = acme.dev
        rename_group(group=acme.support, name="Hilfe", by=Actor.administrator(acme.roles["admin"]))
        for user, sentence in [(owner, "hat die Gruppe Support in"), (admin, "renamed the group Support to")]:
            browser = Client()
            browser.force_login(user)
            assert sentence in browser.get(f"{acme.url}audit-log/").content.decode()

    def test_the_name_of_a_thing_is_stored_in_english(self, acme):
        with translation.override("de"):
            remove_administrator(administrator=acme.roles["viewer"], by=JOBS, now=timezone.now())
        assert ChangeEvent.objects.get(action="administrator.removed").subject_name.endswith("(Viewer of Acme)")

    def test_each_owner_is_mailed_in_their_language(self, acme):
        owner = acme.roles["owner"].user
        User.objects.filter(pk=owner.pk).update(language="de")
        remove_administrator(administrator=acme.roles["viewer"], by=JOBS, now=timezone.now())
        mail = OutgoingMail.objects.latest("created_at")
        assert mail.subject == "Die Zugriffssteuerung von Acme wurde geändert"
        assert "entfernt." in mail.body

    def test_the_page_of_a_change_names_kinds_of_things_in_german(self, acme, client):
        rename_group(group=acme.support, name="Hilfe", by=Actor.administrator(acme.roles["admin"]))
        event = ChangeEvent.objects.get(action="group.renamed")
        client.force_login(acme.roles["owner"].user)
        page = client.get(f"{acme.url}audit-log/{event.pk}/", headers={"Accept-Language": "de"}).content.decode()
        assert "Endbenutzergruppe ·" in page and "end user group" not in page

    def test_an_unlocked_account_is_told_in_its_language(self, acme):
        user = acme.roles["viewer"].user
        User.objects.filter(pk=user.pk).update(language="de")
        unlock_account(user=user, without_second_factor=False, by=JOBS, now=timezone.now())
        mail = OutgoingMail.objects.get(subject="Ihr Konto wurde entsperrt")
        assert "Ein Betreiber hat Ihr Konto" in mail.body

    def test_what_stands_in_place_of_a_name_is_translated_and_names_are_not(self):
        with translation.override("de"):
            assert word_in("login experience", "loginexperience", "1") == "das Anmeldeerlebnis"
            assert word_in("a deactivated person", "enduser", "1") == "einer deaktivierten Person"
            assert word_in("Deleted person", "enduser", "1") == "Gelöschte Person"
            assert word_in("login experience", "endusergroup", "1") == "login experience"
