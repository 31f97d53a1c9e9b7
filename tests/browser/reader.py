"""What a person does with the page, and what they see of it.

Rule: everything is found by its role and its name, as assistive technology finds it; nothing waits for a time, only for
what is to be seen.
"""

import re

from playwright.async_api import Locator, Page, expect


class Reader:
    """One tab and who looks at it.

    Attributes:
        page: The tab.
        base_url: The server's address.
    """

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url

    async def open(self, path: str = "/") -> None:
        """Goes to an address and waits until one can write."""
        await self.page.goto(self.base_url + path)
        await expect(self.composer).to_be_focused()

    async def choose(self, model: str) -> None:
        """Chooses who answers."""
        await self.model.click()
        await self.page.get_by_role("option", name=model, exact=True).click()
        await expect(self.model).to_have_accessible_name(f"Model: {model}")

    async def say(self, text: str) -> None:
        """Writes a message and sends it."""
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def ask(self, text: str) -> str:
        """Says something and reads the whole answer. Both stand as the server has them then."""
        await self.arrive()
        count = await self.answers.count()
        await self.say(text)
        await expect(self.answers).to_have_count(count + 1)
        answer = await self.read_to_the_end(count)
        question = self.answers.nth(count).locator("xpath=preceding::article[1]")
        await expect(question.get_by_role("time")).to_be_attached()  # only the server says when it was
        return answer

    async def arrive(self) -> None:
        """Waits until what the chat has is shown: its messages, or that there are none yet."""
        greeting = self.page.get_by_text("What would you like to talk about?")
        await expect(self.page.get_by_role("article").or_(greeting).filter(visible=True).first).to_be_attached()

    async def read_to_the_end(self, number: int | None = None) -> str:
        """Waits until an answer has ended.

        Args:
            number: Which of those that are shown; None: the one that is the last now, or the first that comes.
        """
        if number is None:
            await expect(self.last_answer).to_be_attached(timeout=30_000)
            number = await self.answers.count() - 1
        answer = self.answers.nth(number)
        await expect(answer).to_have_attribute("aria-busy", "false", timeout=30_000)
        return await answer.locator(".body").inner_text()

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message", exact=True)

    @property
    def model(self) -> Locator:
        """The button that says who answers, in English or German."""
        return self.page.get_by_role("button", name=re.compile(r"^Mode(l|ll): "))

    @property
    def answers(self) -> Locator:
        return self.page.get_by_role("article", name="Assistant", exact=True)

    @property
    def last_answer(self) -> Locator:
        return self.answers.last

    @property
    def own_messages(self) -> Locator:
        return self.page.get_by_role("article", name="You", exact=True)

    @property
    def chats(self) -> Locator:
        """The links of the list, newest first."""
        return self.page.get_by_role("navigation", name="Chats").get_by_role("link")

    @property
    def status(self) -> Locator:
        return self.page.get_by_role("status")

    async def open_menu(self, title: str) -> Locator:
        """Opens the menu of a chat in the list; returns it."""
        await self.chats.filter(has_text=title).first.hover()
        await self.button(f"More for {title}").click()
        return self.page.get_by_role("menu")

    async def choose_for(self, title: str, act: str) -> None:
        """Chooses something from the menu of a chat in the list."""
        menu = await self.open_menu(title)
        await menu.get_by_role("menuitem", name=act, exact=True).click()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)


def metronome(count: int) -> str:
    """The answer of the metronome to `{count}@…`, as the page shows it."""
    return " ".join(f"w{number}" for number in range(count))
