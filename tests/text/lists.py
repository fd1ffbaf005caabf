"""Lists as people have them: lines in an order that does not matter. All are drawn anew from a seed, none is copied."""

import random
import string

NAMES = 1500


def draw(letters: str, shortest: int, longest: int, rng: random.Random) -> str:
    """A word of these letters."""
    return "".join(rng.choice(letters) for _ in range(rng.randint(shortest, longest)))


def word(rng: random.Random, syllables: int = 0) -> str:
    """A word that can be pronounced."""
    count = syllables or rng.choice((1, 2, 2, 3, 3))
    body = "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(count))
    return body + rng.choice(["", "", "n", "r", "s", "l"])


def unlike(make, count: int, seed: int) -> list[str]:
    """`count` different lines that `make` draws."""
    rng, found = random.Random(seed), dict[str, None]()
    while len(found) < count:
        found[make(rng)] = None
    return list(found)


def text(lines) -> str:
    return "".join(f"{line}\n" for line in lines)


def first_names():
    return [name.capitalize() for name in unlike(word, NAMES, 1)]


def by_popularity():
    """Names by frequency; those of the same frequency are in the order of the alphabet, as most tables have them."""
    rng = random.Random(2)
    counts = {name: round(5000 / (place + 1) ** 1.1) + 1 for place, name in enumerate(unlike(word, NAMES, 2))}
    counts = {name: max(1, count + rng.randint(-1, 1)) for name, count in counts.items()}
    return sorted(counts, key=lambda name: (-counts[name], name))


def a_group_for_each_letter_by_popularity():
    return sorted(first_names(), key=lambda name: name[0])


def sorted_by_length():
    return sorted(first_names(), key=len)


def titles(rng):
    first = rng.choice(("The ", "", "", "A "))
    return first + rng.choice((" ", " ", " of ", " and the ")).join(
        word(rng).capitalize() for _ in range(rng.randint(1, 3))
    )


def bands(rng):
    return rng.choice(("The ", "", "", "DJ ", "Los ")) + word(rng).capitalize() + rng.choice(("", "s", " Band"))


def cities(rng):
    before = rng.choice(("", "", "", "New ", "San ", "Saint-", "Bad ", "El "))
    return before + word(rng, 3).capitalize() + rng.choice(("", "", "", " Beach", " am See", "ville"))


def passwords(rng):
    end = rng.choice(("", str(rng.randint(0, 99)), str(rng.randint(1950, 2020)), "!", "123"))
    kinds = (word(rng, 2) + end, word(rng) + word(rng), str(rng.randint(10**5, 10**8)), word(rng).upper() + end)
    return rng.choice(kinds)


def formulas(rng):
    elements = ("H", "C", "N", "O", "Na", "Cl", "S", "Fe", "K", "Mg", "Ca", "P", "Br", "Al")
    parts = rng.sample(elements, rng.randint(1, 4))
    return "".join(part + rng.choice(("", "", "2", "3", "4", "6", "10", "12")) for part in parts)


def domains(rng):
    return word(rng) + rng.choice(("", "-" + word(rng), word(rng))) + rng.choice((".com", ".org", ".de", ".co.uk"))


def users(rng):
    return rng.choice(("", "xX", "_", "the")) + word(rng) + str(rng.randint(0, 999)) * rng.randint(0, 1)


def people(rng):
    return f"{word(rng).capitalize()} {word(rng).capitalize()}son"


def recipes(rng):
    return f"{word(rng).capitalize()} {rng.choice(('Soup', 'Pie', 'Cake', 'Salad'))} with {word(rng).capitalize()}"


def hindi(rng):
    return "".join(rng.choice("कगचजतदनपबमरलवसह") + rng.choice("ािीुेो") for _ in range(3))


def vietnamese(rng):
    family = rng.choice(("Nguyễn", "Trần", "Lê", "Phạm"))
    return f"{family} {word(rng, 1).capitalize()} {word(rng, 1).capitalize()}"


def dinosaurs(rng):
    return word(rng, 3).capitalize() + rng.choice(("saurus", "raptor", "don", "ceratops", "mimus", "tops"))


def dinosaurs_from_a_to_z():
    return sorted(unlike(dinosaurs, 900, 9))


def monsters():
    """Creatures in the order of a game, where two or three in a row are forms of the same one."""
    rng, found = random.Random(3), []
    while len(found) < 800:
        stem = word(rng, 2).capitalize()
        ends = rng.sample(("ur", "sor", "leon", "zard", "tle", "key", "chu", "eon", "gross", "king"), rng.randint(1, 3))
        found += [stem[: rng.randint(3, 5)] + end if rng.random() < 0.6 else word(rng).capitalize() for end in ends]
    return list(dict.fromkeys(found))


HAN = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文华建国红玉梅春燕志海波云飞龙雪琳佳欣怡子轩浩宇晨思雨"
MORE_HAN = "天地人心山水风月花鸟金木火土日星手足口目大小上下左右前後長短高低東西南北内外多少新古明暗生死行来出入立坐"
LISTS = {
    "names sorted": lambda: sorted(first_names()),
    "names sorted downwards": lambda: sorted(first_names(), reverse=True),
    "names by popularity": by_popularity,
    "names shuffled": first_names,
    "names grouped by letter": a_group_for_each_letter_by_popularity,
    "names sorted by length": sorted_by_length,
    "numbered user names": lambda: [f"name{number}" for number in range(300)],
    "few names": lambda: first_names()[:230],
    "surnames": lambda: [name + "mann" for name in first_names()],
    "words": lambda: sorted(unlike(word, 4000, 4)),
    "passwords": lambda: unlike(passwords, 3000, 5),
    "user names": lambda: unlike(users, 2000, 6),
    "cities": lambda: unlike(cities, 1000, 7),
    "cities sorted": lambda: sorted(unlike(cities, 1000, 7)),
    "people": lambda: unlike(people, 1000, 8),
    "bands": lambda: unlike(bands, 1000, 10),
    "film titles": lambda: unlike(titles, 1000, 11),
    "recipe names": lambda: unlike(recipes, 600, 12),
    "dinosaurs": lambda: unlike(dinosaurs, 900, 9),
    "dinosaurs sorted": dinosaurs_from_a_to_z,
    "monsters": monsters,
    "domains": lambda: unlike(domains, 2000, 13),
    "formulas": lambda: unlike(formulas, 1500, 14),
    "chinese names": lambda: unlike(lambda rng: rng.choice(HAN) + draw(GIVEN, 1, 2, rng), 2000, 15),
    "japanese names in kanji": lambda: unlike(lambda rng: draw(HAN, 1, 2, rng) + draw(GIVEN, 1, 2, rng), 1500, 16),
    "japanese names in katakana": lambda: unlike(
        lambda rng: draw("アイウエオカキクケコサシタナニマミヤユラリル", 3, 7, rng), 900, 17
    ),
    "idioms of four characters": lambda: unlike(lambda rng: draw(MORE_HAN + HAN + GIVEN, 4, 4, rng), 1200, 18),
    "korean names": lambda: unlike(
        lambda rng: rng.choice("김이박최정강조윤장임") + draw("민서준지우현도윤예은하수연", 2, 2, rng), 800, 19
    ),
    "arabic names": lambda: unlike(
        lambda rng: draw("ابتجحخدرسعفقلمنهوي", 3, 6, rng) + " " + draw("ابتجحدرسعلمنهوي", 3, 6, rng), 900, 20
    ),
    "hebrew names": lambda: unlike(lambda rng: draw("אבגדהוזחטיכלמנסעפצקרשת", 3, 6, rng), 900, 21),
    "hindi names": lambda: unlike(hindi, 900, 22),
    "thai names": lambda: unlike(
        lambda rng: draw("กขคงจชดตทนบปพมยรลวสห", 4, 9, rng) + rng.choice(("า", "ี", "ุ", "")), 900, 23
    ),
    "russian names": lambda: unlike(lambda rng: draw("абвгдеиклмнопрстуя", 4, 9, rng).capitalize(), 1500, 24),
    "russian words sorted": lambda: sorted(unlike(lambda rng: draw("абвгдеиклмнопрстуя", 3, 11, rng), 2500, 25)),
    "greek names": lambda: unlike(lambda rng: draw("αβγδεικλμνοπρστυω", 4, 9, rng).capitalize() + "ς", 1500, 26),
    "vietnamese names": lambda: unlike(vietnamese, 900, 27),
    "ticker symbols": lambda: unlike(lambda rng: draw(string.ascii_uppercase, 2, 4, rng), 900, 28),
    "number plates": lambda: unlike(
        lambda rng: f"{draw(string.ascii_uppercase, 1, 3, rng)}-{rng.randint(10, 9999)}", 900, 29
    ),
    "plants in latin": lambda: sorted(unlike(lambda rng: f"{word(rng, 3).capitalize()} {word(rng, 2)}us", 900, 30)),
    "colours": lambda: unlike(
        lambda rng: f"{rng.choice(('dark', 'light', 'pale', 'deep', 'royal'))} {word(rng)}", 600, 31
    ),
    "emoji": lambda: unlike(lambda rng: word(rng) + chr(0x1F600 + rng.randint(0, 70)), 700, 32),
}
