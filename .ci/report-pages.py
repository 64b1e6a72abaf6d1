"""Opens pages in headless Chromium, at 1280 and 390 pixels, light and dark.

    report-pages.py FOLDER PAGE.html ...

Writes a picture of each into FOLDER. Fails on anything in the browser's log (a violated content
policy is there too), and on a page that scrolls sideways. Talks to the browser over a pipe, so it
needs no package and opens no port.
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile

WIDTHS = [1280, 390]
SCHEMES = ["light", "dark"]
# Of a long page only the beginning is in the picture.
MAX_HEIGHT = 12_000


class Browser:
    """One Chromium with one page."""

    def __init__(self, profile):
        command_read, self.commands = os.pipe()
        self.events, event_write = os.pipe()
        words = "--headless=new --no-sandbox --disable-gpu --hide-scrollbars --no-first-run"
        words += f" --remote-debugging-pipe --user-data-dir={profile} about:blank"
        self.process = subprocess.Popen(
            ["sh", "-c", f"exec chromium {words} 3<&{command_read} 4>&{event_write}"],
            pass_fds=(command_read, event_write),
            stderr=subprocess.DEVNULL,
        )
        os.close(command_read)
        os.close(event_write)
        self.received = b""
        self.last = 0
        self.session = None
        self.complaints = []
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(it["targetId"] for it in targets if it["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page, flatten=True)
        self.session = attached["sessionId"]
        for domain in ["Page", "Runtime", "Log"]:
            self.call(f"{domain}.enable")

    def message(self):
        while b"\0" not in self.received:
            part = os.read(self.events, 1 << 20)
            if not part:
                sys.exit("chromium ended before its work was done")
            self.received += part
        first, self.received = self.received.split(b"\0", 1)
        return json.loads(first)

    def call(self, method, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == self.last:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]
            self.note(answer)

    def note(self, event):
        name, parameters = event.get("method"), event.get("params", {})
        if name == "Log.entryAdded":
            self.complaints.append(parameters["entry"]["text"])
        elif name == "Runtime.exceptionThrown":
            self.complaints.append(parameters["exceptionDetails"]["text"])
        elif name == "Runtime.consoleAPICalled":
            self.complaints.append(f"console.{parameters['type']}")

    def value(self, expression):
        return self.call("Runtime.evaluate", expression=expression)["result"].get("value")

    def open(self, page):
        self.call("Page.navigate", url=page.absolute().as_uri())
        while self.value("document.readyState") != "complete":
            pass

    def close(self):
        os.close(self.commands)
        self.process.wait(timeout=20)


def look(browser, page, width, scheme, folder):
    """What is wrong with the page."""
    browser.complaints = []
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.call("Emulation.setEmulatedMedia", features=[feature])
    view = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.call("Emulation.setDeviceMetricsOverride", **view)
    browser.open(page)
    # What is folded must fit too.
    browser.value("document.querySelectorAll('details.run').forEach(it => it.open = true)")
    root = "document.documentElement"
    wide, high = browser.value(f"{root}.scrollWidth"), browser.value(f"{root}.scrollHeight")
    view["height"] = min(high, MAX_HEIGHT)
    browser.call("Emulation.setDeviceMetricsOverride", **view)
    picture = browser.call("Page.captureScreenshot", format="png")["data"]
    path = folder / f"{page.stem}-{width}-{scheme}.png"
    path.write_bytes(base64.b64decode(picture))
    found = list(browser.complaints)
    if wide > width:
        found.append(f"is {wide} pixels wide, so it scrolls sideways")
    return [f"{page} at {width} pixels, {scheme}: {it}" for it in found]


def main():
    folder, *pages = [pathlib.Path(word) for word in sys.argv[1:]]
    if not pages:
        sys.exit(__doc__)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        views = [(page, width, scheme) for page in pages for width in WIDTHS for scheme in SCHEMES]
        found = [it for view in views for it in look(browser, *view, folder)]
        browser.close()
    for line in found:
        print(line)
    print(f"{len(views)} views of {len(pages)} pages, {len(found)} complaints")
    sys.exit(1 if found else 0)


main()
