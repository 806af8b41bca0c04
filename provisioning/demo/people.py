"""The names of the demo's people, which are invented. Some have letters beyond ASCII."""

import unicodedata

_ACME = """
Ada Winter, Adnan Kaya, Amara Osei, Anouk Visser, Arjun Rao, Astrid Lund, Bashir Haddad, Beatriz Moreno, Bram de Wit,
Camille Laurent, Chen Wei, Chiara Ricci, Daniel Novak, Daria Popescu, Dong-hyun Seo, Eilidh Fraser, Elif Demir,
Emeka Nwosu, Esther Blum, Farah Aziz, Fiona Byrne, Gabriel Costa, Greta Holm, Hana Svobodová, Haruto Mori,
Ines Carvalho, Isak Berg, Jana Krüger, Jonas Meier, Joséphine Roux, Kaito Tanaka, Kamala Iyer, Lars Nygård,
Leila Farsi, Linnea Åkesson, Luca Bianchi, Mads Friis, Maëlle Girard, Marta Zielińska, Mei Lin, Mateo Vargas,
Nadia Petrova, Noor Bakker, Oluwaseun Ade, Paula Sánchez
"""
_GLOBEX = """
Quentin Moreau, Rania Saleh, Ravi Menon, Rosa Jiménez, Ruth Abel, Samir Nasser, Sofia Lindqvist, Søren Dahl,
Tariq Aslam, Tereza Dvořák, Uma Pillai, Viktor Horváth, Wanjiru Kamau, Yara Costa, Zofia Mazur
"""
# Letters that Unicode does not decompose into a plain letter and a mark.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ß": "ss"})

ACME, GLOBEX = ([" ".join(name.split()) for name in text.split(",")] for text in (_ACME, _GLOBEX))


def email(name: str, domain: str) -> str:
    """Return the address of a person, in ASCII letters."""
    letters = unicodedata.normalize("NFD", name.lower().translate(_PLAIN))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return f"{plain.replace(' ', '.')}@{domain}"
