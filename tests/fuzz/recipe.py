"""From a number to a layout, a question and the deeds that were done to it; and a recipe made smaller. Nothing of
onetrail is imported here."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from tests.fuzz.harm import DEEDS
from tests.fuzz.layout import Layout, laid
from tests.fuzz.trails import Trail, drawn, world_of
from tests.fuzz.truth import Query
from tests.fuzz.world import HOUR, World, instant, later


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that makes a layout, each part by itself: leaving one out changes none of the others.

    `deeds` are names with the seed of their dice. `asked` is the seed of the question, None for one that narrows
    nothing. `resumed`: asked once more, with the chains kept that were proven the first time. `older`: the engine is
    asked as step 06 asks it, whose buckets may have lost their oldest digests before the move.
    """

    seed: int
    trails: tuple[Trail, ...]
    root: str
    directory: bool
    metadata: str
    clock: str
    deeds: tuple[tuple[str, int], ...]
    asked: int | None
    resumed: bool = False
    older: bool = False


@dataclass(slots=True)
class Made:
    """What a recipe makes, and in words what was done."""

    layout: Layout
    query: Query
    words: list[str]


def recipe(seed: int) -> Recipe:
    """The recipe of a seed."""
    dice = random.Random(f"{seed} recipe")
    trails = drawn(dice)
    directory = dice.random() < 0.3
    names = sorted(DEEDS)
    count = dice.choice((0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 4))
    deeds = [(dice.choice(names), dice.getrandbits(32)) for _ in range(count)]
    # Deeds with the same dice hit the same digest or log.
    deeds = [(name, deeds[0][1] if dice.random() < 0.4 else seed) for name, seed in deeds]
    # Each deed has its turn.
    deeds[:1] = [(names[seed % len(names)], deeds[0][1])] if deeds else []
    return Recipe(
        seed,
        trails,
        dice.choice(("", "", "", "moved/", "a b/c/")),
        directory,
        dice.choice(("kept",) * 7 + ("lost", "some", "some")),
        "" if directory else dice.choice(("", "", "live", "live", "dead")),
        tuple(deeds),
        dice.getrandbits(32) if dice.random() < 0.45 else None,
        dice.random() < 0.12,
        dice.random() < 0.5,
    )


def made(recipe: Recipe) -> Made:
    """The layout, the question, and what was done to it."""
    world = world_of(recipe.trails, recipe.seed)
    layout = laid(world, recipe.root, recipe.directory, recipe.metadata, recipe.seed)
    if recipe.clock:
        dice = random.Random(f"{recipe.seed} clock")
        late = (
            timedelta(minutes=dice.randint(5, 110)) if recipe.clock == "live" else timedelta(days=dice.randint(1, 900))
        )
        layout.now = later(layout.newest, late)
    words = []
    for name, seed in recipe.deeds:
        if said := DEEDS[name](random.Random(f"{seed} deed"), layout):
            words.append(said)
    query = Query() if recipe.asked is None else _query(random.Random(f"{recipe.asked} asked"), world, recipe)
    return Made(layout, query, words)


def _query(dice: random.Random, world: World, recipe: Recipe) -> Query:
    """Narrowed in one way or in several."""
    query = Query()
    trail = dice.choice(recipe.trails)
    ends = sorted({one.end for one in world.digests}) or [trail.begin]
    near = (-HOUR, -timedelta(minutes=20), -timedelta(seconds=1), timedelta(0), timedelta(minutes=20), HOUR)
    for way in dice.sample(
        ("account", "region", "trail", "since", "until", "end", "believed"), dice.choice((1, 1, 2, 3))
    ):
        at = later(dice.choice(ends), dice.choice(near))
        if world.logs and dice.random() < 0.3:
            at = dice.choice(world.logs).place.mark
        if way == "account":
            query = replace(query, account=trail.account)
        elif way == "region":
            query = replace(query, region=trail.region)
        elif way == "trail":
            query = replace(query, trail=trail.name)
        elif way == "since" and (query.until is None or at < query.until):
            query = replace(query, since=at)
        elif way == "until" and (query.since is None or at > query.since):
            query = replace(query, until=at)
        elif way == "end":
            query = replace(query, end=dice.choice((at, ends[-1], later(ends[-1], HOUR))))
        elif way == "believed":
            kept = [bucket for bucket in world.buckets if dice.random() < 0.6] or world.buckets[:1]
            query = replace(query, believed=frozenset(dice.choice((kept, world.buckets))))
    return query


def smaller(recipe: Recipe) -> Iterator[Recipe]:
    """Recipes with one thing less, the deeds first."""
    for at in range(len(recipe.deeds)):
        yield replace(recipe, deeds=recipe.deeds[:at] + recipe.deeds[at + 1 :])
    if recipe.asked is not None:
        yield replace(recipe, asked=None)
    if len(recipe.trails) > 1:
        for at in range(len(recipe.trails)):
            yield replace(recipe, trails=recipe.trails[:at] + recipe.trails[at + 1 :])
    for plain in (
        {"root": ""},
        {"directory": False},
        {"metadata": "kept"},
        {"clock": ""},
        {"resumed": False},
    ):
        simpler = replace(recipe, **plain)
        if simpler != recipe:
            yield simpler
    for at, trail in enumerate(recipe.trails):
        for one in _plainer(trail):
            others = (*recipe.trails[:at], *recipe.trails[at + 1 :])
            if one.group == trail.group or one.group not in {other.group for other in others}:
                yield replace(recipe, trails=(*recipe.trails[:at], one, *recipe.trails[at + 1 :]))


def _plainer(trail: Trail) -> Iterator[Trail]:
    """The trail with one oddity less."""
    for plain in (
        {"restarts": frozenset()},
        {"leaves_out": frozenset()},
        {"short": False},
        {"borrows": False},
        {"turn": 99},
        {"orgs": ("", "")},
        {"prefixes": ("", "")},
        {"name": "audit"},
        {"hours": 2},
        {"hours": trail.hours - 1},
        {"home": trail.region},
    ):
        if plain.get("hours", 1) >= 1 and (one := replace(trail, **plain)) != trail and one.hours <= trail.hours:  # type: ignore[arg-type]
            yield one


def described(recipe: Recipe, made: Made) -> str:
    """The layout in words, for whoever looks for the fault."""
    layout, query = made.layout, made.query
    lines = [trail.said() for trail in recipe.trails]
    where = f"a {'directory' if layout.directory else 'bucket'}{', asked twice' if recipe.resumed else ''}"
    lines.append(f"in {where}, below {layout.root!r}, metadata {recipe.metadata}, now {_at(layout.now)}")
    asked = [
        f"{name} {_at(value) if hasattr(value, 'year') else sorted(value) if isinstance(value, frozenset) else value}"
        for name in ("account", "region", "trail", "since", "until", "end", "believed")
        if (value := getattr(query, name)) not in ("", None)
    ]
    lines.append(f"asked: {', '.join(asked) or 'everything'}")
    lines += [f"done: {word}" for word in made.words] or ["nothing was done to it"]
    return "\n".join(f"  {line}" for line in lines)


def _at(value: object) -> str:
    return instant(value) if hasattr(value, "year") else "unknown"  # type: ignore[arg-type]
