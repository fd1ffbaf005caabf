"""Texts with short lines whose order carries something. All are drawn anew from a seed, none is copied."""

import base64
import datetime
import random
import string

from tests.text.lists import GIVEN, HAN, MORE_HAN, draw, unlike, word

DAY = datetime.date(2020, 1, 1)


def walk(rng, start, step, count):
    """A random walk."""
    found = []
    for _ in range(count):
        start += rng.gauss(0, step)
        found.append(start)
    return found


def melody():
    rng = random.Random(1)
    notes = [f"note_on {rng.randint(50, 80)} {rng.choice((64, 80, 96))}" for _ in range(16)]
    return notes * 100


def events_with_times():
    rng, time, found = random.Random(2), 0, []
    for number in range(2000):
        time += rng.randint(1, 200)
        found.append(f"{time} on {55 + number % 13 + rng.randint(0, 1)} {rng.randint(40, 90)}")
    return found


def events_with_rests():
    rng = random.Random(3)
    pitches = walk(rng, 64, 2, 1500)
    return [f"{'on' if n % 2 else 'off'} {pitch:.0f} +{rng.randint(0, 480)}" for n, pitch in enumerate(pitches)]


def move(rng):
    piece, square = rng.choice(("", "", "N", "B", "R", "Q")), rng.choice("abcdefgh") + rng.choice("12345678")
    return piece + rng.choice(("", "", "x")) + square


def numbered_moves():
    rng = random.Random(4)
    return [f"{number}. {move(rng)} {move(rng)}" for _ in range(40) for number in range(1, rng.randint(20, 60))]


def moves():
    rng = random.Random(5)
    return [move(rng) for _ in range(2000)]


def games():
    rng = random.Random(6)
    return [" ".join(f"{n}.{move(rng)} {move(rng)}" for n in range(1, 4)) + " 1-0" for _ in range(400)]


def gcode():
    rng = random.Random(7)
    xs, ys = walk(rng, 100, 1, 1500), walk(rng, 100, 1, 1500)
    return [f"G1 X{x:.2f} Y{y:.2f}" for x, y in zip(xs, ys, strict=True)]


def go_game():
    rng = random.Random(36)
    points = [one + other for one in "abcdefghijklmnopqrs" for other in "abcdefghijklmnopqrs"]
    return [f";{'BW'[number % 2]}[{point}]" for number, point in enumerate(rng.sample(points, 280))]


def words_in_two_languages():
    rng = random.Random(37)
    return [line for _ in range(900) for line in (word(rng, 3), draw("абвгдежзиклмно", 5, 9, rng))]


def korean_verse():
    rng = random.Random(38)
    said = "나보기가역겨워실때에는말없이고내드리우다"
    return [" ".join(draw(said, 1, 4, rng) for _ in range(rng.randint(2, 4))) for _ in range(600)]


def days_of_the_week():
    values = walk(random.Random(39), 12, 1, 1500)
    return [f"{('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')[n % 7]} {v:.2f}" for n, v in enumerate(values)]


def outline():
    rng = random.Random(40)
    return [rng.choice(("", "  ", "    ")) + word(rng, 3) for _ in range(900)]


def noise():
    rng = random.Random(41)
    return [f"{rng.gauss(0, 100):+.{rng.randint(1, 4)}f}" for _ in range(900)]


def diary():
    rng = random.Random(42)
    return [f"Day {n // 400} {word(rng, 3).capitalize()}" for n in range(10_000)]


def variations():
    rng = random.Random(43)
    stems = [stem for stem in unlike(word, 400, 43) for _ in range(2)]
    return [draw("bdfglm", 1, 2, rng) + stem + draw("bdfglm", 1, 2, rng) for stem in stems]


def italian_couplets():
    rng = random.Random(44)
    rhymes = [f"{one}{two}a" for one in "aeiou" for two in ("ss", "gn", "rt", "nt", "ll", "st")]
    return verse(rhymes, rng, words=(1, 1), schema=(0, 0), capital=True)


def plotter():
    rng = random.Random(8)
    return [f"{x:.3f},{y:.3f}" for x, y in zip(walk(rng, 0, 1, 900), walk(rng, 0, 1, 900), strict=True)]


def temperatures():
    return [f"{value:.1f}" for value in walk(random.Random(9), 12, 2, 1500)]


def prices():
    return [f"{value:.2f}" for value in walk(random.Random(10), 500, 3, 1500)]


def dated_prices():
    return [f"{DAY + datetime.timedelta(n)},{v:.2f}" for n, v in enumerate(walk(random.Random(11), 90, 1, 1500))]


def sensors():
    rng = random.Random(12)
    return [f"s{rng.randint(1, 3)},{1000 + 10 * n},{v:.3f}" for n, v in enumerate(walk(rng, 20, 0.1, 1500))]


def log():
    rng, time, found = random.Random(13), datetime.datetime(2021, 3, 4, 5, 6, 7), []
    for _ in range(1200):
        time += datetime.timedelta(seconds=rng.randint(1, 500))
        found.append(f"{time:%b %d %H:%M:%S} {rng.choice(('start', 'stop', 'fail', 'ok'))} {rng.randint(1, 900)}")
    return found


def counters():
    rng, count, found = random.Random(14), 10, []
    for _ in range(1000):
        count += rng.randint(1, 30)
        found.append(f"hits {count} from {word(rng)}")
    return found


def verse(rhymes, rng, words=(2, 4), ends=("",), schema=(0, 0), capital=True):
    """Lines that rhyme by `schema`."""
    found = []
    for _ in range(400 // len(schema)):
        chosen = rng.sample(rhymes, max(schema) + 1)
        for rhyme in schema:
            line = " ".join(
                [*(word(rng) for _ in range(rng.randint(*words))), draw("bdfglmnprst", 1, 2, rng) + chosen[rhyme]]
            )
            found.append((line.capitalize() if capital else line) + rng.choice(ends))
    return found


RHYMES = ("ight", "ay", "ound", "ee", "ow", "air", "ing", "ore", "end", "ain", "ost", "ill", "oon", "ark", "ell", "ate")
REIME = ("acht", "icht", "ein", "ort", "and", "agen", "eben", "ang", "ut", "ust", "iebe", "unde", "aum", "eise", "ehen")
TIMES = "一二三四五六七八九十"


def han_verse(length, end=""):
    rng = random.Random(length)
    return [draw(MORE_HAN + GIVEN + TIMES, length, length, rng) + ("，。"[n % 2] if end else "") for n in range(600)]


def haiku():
    """Three lines of 5, 7 and 5 syllables, without anything between two of them."""
    rng = random.Random(15)
    return [" ".join(word(rng, n) for n in each) for _ in range(200) for each in ((2, 1, 2), (3, 2, 2), (2, 3))]


def haiku_in_kana():
    rng = random.Random(16)
    kana = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわを"
    return [draw(kana, n, n, rng) for _ in range(200) for n in (5, 7, 5)]


def song():
    rng = random.Random(17)
    chorus = [" ".join(word(rng) for _ in range(3)) for _ in range(4)]
    return [line for _ in range(80) for line in (*(" ".join(word(rng) for _ in range(3)) for _ in range(4)), *chorus)]


def dialogue():
    rng = random.Random(18)
    return [f"{'AB'[n % 2]}: {' '.join(word(rng) for _ in range(rng.randint(1, 3)))}" for n in range(800)]


def play():
    """Three who speak in turn, with what they say on a line of its own."""
    rng = random.Random(19)

    def said():
        return " ".join(word(rng) for _ in range(3))

    return [line for _ in range(300) for line in (rng.choice(("TOM:", "ANN:", "BOB:")), said())]


def code():
    rng = random.Random(20)
    return [line for n in range(300) for line in (f"def {word(rng)}{n}(x):", f"    y = x + {n}", f"    return {n} * y")]


def one_word_a_line():
    rng = random.Random(21)
    known = [word(rng) for _ in range(300)]
    return rng.choices(known, [1 / (place + 1) for place in range(300)], k=1500)


def roman(number):
    found = ""
    for value, sign in zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"),
        strict=True,
    ):
        found += sign * (number // value)
        number %= value
    return found


def wrapped(data, width):
    return [data[start : start + width] for start in range(0, len(data), width)]


def seeded_bytes(count):
    return random.Random(22).randbytes(count)


def morse():
    rng = random.Random(23)
    return [" ".join(draw(".-", 1, 4, rng) for _ in range(rng.randint(2, 6))) for _ in range(600)]


def abc():
    rng = random.Random(24)

    def bar():
        return "".join(rng.choice("ABcdefgGz") + rng.choice(("", "", "2", "/")) for _ in range(4))

    return [f"|{bar()}|{bar()}|{bar()}|" for _ in range(500)]


def abugida_verse():
    rng = random.Random(25)

    def said():
        return "".join(rng.choice("कगचजतदनपबमरलवसह") + rng.choice("ािीुेो") for _ in range(rng.randint(1, 3)))

    return [" ".join(said() for _ in range(5)) + ("।" if n % 2 else "") for n in range(500)]


def subtitles():
    """Short lines of speech, which end as sentences end."""
    rng = random.Random(26)
    return [" ".join(word(rng) for _ in range(rng.randint(1, 4))).capitalize() + rng.choice(".?!…") for _ in range(900)]


SEQUENCES = {
    "melody": melody,
    "events with times": events_with_times,
    "events with rests": events_with_rests,
    "numbered moves": numbered_moves,
    "moves": moves,
    "games a line": games,
    "gcode": gcode,
    "go game": go_game,
    "words in two languages": words_in_two_languages,
    "korean verse": korean_verse,
    "days of the week": days_of_the_week,
    "outline": outline,
    "noise": noise,
    "diary": diary,
    "variations": variations,
    "italian couplets": italian_couplets,
    "plotter": plotter,
    "temperatures": temperatures,
    "prices": prices,
    "dated prices": dated_prices,
    "sensors": sensors,
    "log": log,
    "counters": counters,
    "english couplets": lambda: verse(RHYMES, random.Random(27)),
    "english cross rhymes": lambda: verse(RHYMES, random.Random(28), schema=(0, 1, 0, 1)),
    "english verse with commas": lambda: verse(
        RHYMES, random.Random(29), ends=(",", "", ".", ";"), schema=(0, 1, 2, 1)
    ),
    "german couplets": lambda: verse(REIME, random.Random(30), words=(2, 3), schema=(0, 0)),
    "german folk verse": lambda: verse(REIME, random.Random(31), words=(2, 4), schema=(0, 1, 2, 1)),
    "nursery rhymes": lambda: verse(RHYMES, random.Random(32), words=(1, 2), schema=(0, 0, 1, 1)),
    "free verse in lower case": lambda: verse(
        RHYMES, random.Random(33), words=(2, 4), schema=(0, 1, 2, 3), capital=False
    ),
    "chinese verse of five": lambda: han_verse(5),
    "chinese verse of seven": lambda: han_verse(7),
    "chinese verse of five with marks": lambda: han_verse(5, "，"),
    "chinese verse of seven with marks": lambda: han_verse(7, "，"),
    "chinese sentences": lambda: [draw(HAN + GIVEN + MORE_HAN, 4, 12, random.Random(n)) for n in range(700)],
    "haiku": haiku,
    "haiku in kana": haiku_in_kana,
    "song": song,
    "dialogue": dialogue,
    "play": play,
    "subtitles": subtitles,
    "code": code,
    "one word a line": one_word_a_line,
    "countdown": lambda: [str(number) for number in range(2000, 0, -1)],
    "years": lambda: [f"{year} {word(random.Random(year))}" for year in range(1500, 2000)],
    "roman numerals": lambda: [roman(number) for number in range(1, 700)],
    "dna": lambda: wrapped(draw("ACGT", 30_000, 30_000, random.Random(34)), 30),
    "protein": lambda: wrapped(draw("ACDEFGHIKLMNPQRSTVWY", 9000, 9000, random.Random(35)), 10),
    "base64": lambda: wrapped(base64.b64encode(seeded_bytes(9000)).decode(), 32),
    "hex": lambda: wrapped(seeded_bytes(6000).hex(), 16),
    "hex dump": lambda: [f"{16 * n:06x}: {line}" for n, line in enumerate(wrapped(seeded_bytes(6000).hex(" "), 24))],
    "morse": morse,
    "abc": abc,
    "abugida verse": abugida_verse,
    "thai verse": lambda: [draw("กขคงจชดตทนบปพมยรลวสหาีุเแ", 20, 30, random.Random(n)) for n in range(500)],
    "keys": lambda: [
        f"{random.Random(n).choice(('down', 'up'))} {n * 7} {random.Random(n).choice(string.ascii_lowercase)}"
        for n in range(900)
    ],
}
