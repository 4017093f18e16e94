"""Pictures of the pages for the help: small files, since a page has a few colours only.

`QBWC_TAKE_SCREENSHOTS=yes pytest tests/browser/test_accessible.py` writes them to where the help shows them.
"""

import base64
import os
import pathlib
import struct
import zlib

from playwright.sync_api import Browser, Page

HELP = pathlib.Path(__file__).parents[2] / "qbwc_service" / "web" / "static" / "help"
MOST_BYTES = 120_000
# In a page of its own, where no policy forbids it: the most frequent colours, and each pixel's nearest.
_REDUCE = """
async ([png, most]) => {
  const image = new Image();
  image.src = "data:image/png;base64," + png;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
  const times = new Map();
  for (const pixel of pixels) times.set(pixel, (times.get(pixel) ?? 0) + 1);
  const palette = [...times].sort((one, other) => other[1] - one[1]).slice(0, most).map(([pixel]) => pixel);
  const parts = (pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
  const nearest = new Map();
  for (const pixel of times.keys()) {
    const [red, green, blue] = parts(pixel);
    let [best, least] = [0, Infinity];
    palette.forEach((candidate, index) => {
      const [r, g, b] = parts(candidate);
      const far = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
      if (far < least) [best, least] = [index, far];
    });
    nearest.set(pixel, best);
  }
  const indexes = new Uint8Array(pixels.length);
  pixels.forEach((pixel, at) => { indexes[at] = nearest.get(pixel); });
  let text = "";
  for (let at = 0; at < indexes.length; at += 32768) text += String.fromCharCode(...indexes.subarray(at, at + 32768));
  return {width: image.width, height: image.height, palette: palette.flatMap(parts), indexes: btoa(text)};
}
"""


def wanted() -> bool:
    return os.environ.get("QBWC_TAKE_SCREENSHOTS") == "yes"


def taken(page: Page, browser: Browser, most_high: int) -> bytes:
    """-> the page as it stands, from its top, as a PNG with a palette."""
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": size["width"], "height": 300})
    high = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": min(high, most_high)})
    try:
        return _reduced(browser, page.screenshot())
    finally:
        page.set_viewport_size(size)


def _reduced(browser: Browser, png: bytes, colours: int = 96) -> bytes:
    page = browser.new_page()
    try:
        found = page.evaluate(_REDUCE, [base64.b64encode(png).decode(), colours])
    finally:
        page.close()
    width, height, indexes = found["width"], found["height"], base64.b64decode(found["indexes"])
    rows = b"".join(b"\0" + indexes[at : at + width] for at in range(0, width * height, width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, data)
        for name, data in (
            (b"IHDR", header),
            (b"PLTE", bytes(found["palette"])),
            (b"IDAT", zlib.compress(rows, 9)),
            (b"IEND", b""),
        )
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
