"""What a person does with the page in Firefox, and what they see of it.

Rule: everything is found by its role and its name; keys and clicks are the browser's own; nothing waits for a time.
"""

import asyncio
import json
from typing import Any

from tests.browser.bidi import BidiFault, Firefox

ENTER = "\ue007"
ESCAPE = "\ue00c"
ARROW_UP = "\ue013"
_CONTROL = "\ue009"
_PATIENCE_S = 20
_LOOK_S = 0.03
_SOON = """new Promise((resolve, reject) => {
  const late = setTimeout(() => reject(new Error("not in time: " + document.body.innerText.slice(-600))), %d);
  const look = () => {
    const seen = (%s)();
    if (!seen) return setTimeout(look, 30);
    clearTimeout(late);
    resolve(seen);
  };
  look();
})"""


class FirefoxReader:
    """One tab and who looks at it."""

    def __init__(self, firefox: Firefox, tab: str, base_url: str) -> None:
        self._firefox, self._tab = firefox, tab
        self.base_url = base_url

    async def open(self, path: str = "/") -> None:
        """Goes to an address and waits until one can write."""
        await self._firefox.command(
            "browsingContext.navigate", context=self._tab, url=self.base_url + path, wait="complete"
        )
        await self.sees("document.activeElement.id === 'message'")

    async def reload(self) -> None:
        """Loads the page anew."""
        await self._firefox.command("browsingContext.reload", context=self._tab, wait="complete")

    async def sees(self, expression: str) -> Any:
        """Waits until the page's state is so.

        Raises:
            BidiFault: It did not become so in time.
        """
        return await self._run(_SOON % (1000 * _PATIENCE_S, f"() => ({expression})"))

    async def find(self, role: str, name: str) -> str:
        """The shown element that assistive technology finds so, the first of several, as soon as it is there.

        Raises:
            BidiFault: There was none in time.
        """
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while not (found := await self._found(role, name)):  # noqa: ASYNC110 - the browser tells nobody
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            raise BidiFault(f"there is no {role} {name!r}") from None
        return found[0]

    async def click(self, role: str, name: str) -> None:
        """Moves the mouse there and presses."""
        origin = {"type": "element", "element": {"sharedId": await self.find(role, name)}}
        await self._perform(
            "pointer",
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        )

    async def hover(self, role: str, name: str) -> None:
        """Moves the mouse there."""
        origin = {"type": "element", "element": {"sharedId": await self.find(role, name)}}
        await self._perform("pointer", {"type": "pointerMove", "x": 0, "y": 0, "origin": origin})

    async def type(self, *keys: str) -> None:
        """Presses the keys, one after the other."""
        await self._perform("key", *({"type": way, "value": key} for key in keys for way in ("keyDown", "keyUp")))

    async def press_with_control(self, key: str) -> None:
        """Presses a key while Control is held."""
        down, up = {"type": "keyDown", "value": _CONTROL}, {"type": "keyUp", "value": _CONTROL}
        await self._perform("key", down, {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}, up)

    async def say(self, text: str) -> None:
        """Writes a message and sends it."""
        await self.sees("document.activeElement.id === 'message'")
        await self.type(*text, ENTER)

    async def choose_for(self, title: str, act: str) -> None:
        """Chooses what is done to a chat from the menu of its row."""
        await self.hover("link", title)
        await self.click("button", f"More for {title}")
        await self.click("menuitem", act)

    async def reads(self, count: int, text: str) -> None:
        """Waits until so many answers are there and the last has ended and says this."""
        last = "[...document.querySelectorAll('article[aria-label=Assistant]')]"
        said = f"{last}.at(-1).innerText.includes({json.dumps(text)})"
        await self.sees(f"{last}.length === {count} && {last}.at(-1).ariaBusy === 'false' && {said}")

    async def _found(self, role: str, name: str) -> list[str]:
        locator = {"type": "accessibility", "value": {"role": role, "name": name}}
        found = await self._firefox.command("browsingContext.locateNodes", context=self._tab, locator=locator)
        return [str(node["sharedId"]) for node in found["nodes"]]

    async def _perform(self, kind: str, *actions: dict[str, Any]) -> None:
        source = {"type": kind, "id": kind, "actions": list(actions)}
        await self._firefox.command("input.performActions", context=self._tab, actions=[source])

    async def _run(self, expression: str) -> Any:
        target = {"context": self._tab}
        ran = await self._firefox.command("script.evaluate", expression=expression, target=target, awaitPromise=True)
        if ran["type"] == "exception":
            raise BidiFault(ran["exceptionDetails"]["text"])
        return ran["result"].get("value")
