"""Makes landscapes that no camera has seen: every one another hour, other hills, other weather.

    python make_photographs.py FOLDER --count 200 --width 2400
"""

import argparse
import concurrent.futures
import math
import pathlib
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

#: Colours of the sky above and at the horizon, and of the nearest hills.
HOURS = [
    ((38, 50, 92), (246, 158, 104), (34, 28, 48)),  # sunrise
    ((72, 132, 204), (206, 228, 244), (42, 74, 50)),  # morning
    ((44, 112, 196), (176, 212, 240), (58, 88, 42)),  # noon
    ((96, 104, 128), (196, 200, 206), (52, 60, 62)),  # rain
    ((58, 40, 88), (238, 112, 92), (30, 20, 36)),  # sunset
    ((10, 16, 38), (40, 62, 104), (8, 12, 20)),  # night
]


def mix(one, other, share):
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other))


def ridge(chance, width, base, height, roughness):
    """Heights of a row of hills: sums of waves that get shorter and lower."""
    waves = [
        (height / 2**octave, roughness * 2**octave, chance.uniform(0, math.tau))
        for octave in range(6)
    ]
    step = max(1, width // 400)
    return [
        (x, base - sum(a * math.sin(f * x / width + phase) for a, f, phase in waves))
        for x in range(0, width + step, step)
    ]


def photograph(number, width):
    chance = random.Random(number)
    height = width * 2 // 3
    above, horizon, near = chance.choice(HOURS)
    shade = Image.linear_gradient("L").resize((width, height))
    picture = Image.composite(
        Image.new("RGB", (width, height), horizon), Image.new("RGB", (width, height), above), shade
    )

    light = Image.new("L", (width, height))
    x, y = chance.uniform(0.15, 0.85) * width, chance.uniform(0.12, 0.5) * height
    radius = width * chance.uniform(0.015, 0.035)
    draw = ImageDraw.Draw(light)
    for step in range(12, 0, -1):
        size = radius * step**1.4
        draw.ellipse((x - size, y - size, x + size, y + size), fill=round(255 / step**1.5))
    light = light.filter(ImageFilter.GaussianBlur(radius / 3))
    glow = Image.new("RGB", (width, height), mix(horizon, (255, 250, 230), 0.7))
    picture = Image.composite(glow, picture, light)

    clouds = Image.new("L", (width, height))
    draw = ImageDraw.Draw(clouds)
    for _ in range(chance.randint(0, 26)):
        x, y = chance.uniform(0, width), chance.uniform(0.03, 0.45) * height
        long = width * chance.uniform(0.05, 0.2)
        draw.ellipse((x - long, y - long / 9, x + long, y + long / 9), fill=chance.randint(50, 150))
    clouds = clouds.filter(ImageFilter.GaussianBlur(width / 60))
    white = Image.new("RGB", (width, height), mix(horizon, (255, 255, 255), 0.5))
    picture = Image.composite(white, picture, clouds)

    draw = ImageDraw.Draw(picture)
    layers = chance.randint(3, 6)
    for layer in range(layers):
        share = (layer + 1) / layers
        base = height * (0.52 + 0.42 * share)
        line = ridge(chance, width, base, height * 0.13 * (1.2 - share), chance.uniform(3, 9))
        colour = mix(horizon, near, 0.25 + 0.75 * share)
        draw.polygon([(0, height), *line, (width, height)], fill=colour)

    grain = Image.effect_noise((width, height), 14).convert("RGB")
    return ImageChops.add(picture, grain, scale=1, offset=-128)


def save(number, width, folder):
    path = folder / f"photograph-{number:03}.jpg"
    photograph(number, width).save(path, quality=90)
    return path


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=pathlib.Path)
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--width", type=int, default=2400)
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ProcessPoolExecutor() as pool:
        numbers = range(1, given.count + 1)
        work = [pool.submit(save, number, given.width, given.folder) for number in numbers]
        for done in concurrent.futures.as_completed(work):
            done.result()


if __name__ == "__main__":
    main()
