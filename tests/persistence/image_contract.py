"""What every store does with images. A class of tests; each implementation gives it a `place`."""

from dataclasses import replace

import pytest

from persistence import ImageNotFound, Message, NotStorable, SessionExists, SessionNotFound
from persistence.branches import drop, fork
from persistence.images import Image, image_name
from tests.persistence.places import contents, record, said

PNG = b"\x89PNG\r\n\x1a\n" + b"swordfish"
GIF = b"GIF89a" + b"herring"
FISH, HERRING = image_name(PNG, "image/png"), image_name(GIF, "image/gif")


def shown(content: str, *names: str, **more: object) -> Message:
    """A message with images."""
    return said(content, images=[Image(name, 1).fields() for name in names], **more)


class ImageContract:
    @pytest.fixture
    async def place(self):
        raise NotImplementedError

    @pytest.fixture
    async def store(self, place):
        return await place.open()

    async def test_images_come_with_their_messages(self, place, store):
        """What came with a session's first messages and with later ones is there, after a crash too."""
        await store.create(record("s"), [shown("a", FISH)], images={FISH: PNG})
        await store.append("s", [shown("b", HERRING)], images={HERRING: GIF})
        for _ in range(2):
            assert await store.image("s", FISH) == PNG
            assert await store.image("s", HERRING) == GIF
            assert [message["images"][0]["file"] for message in await store.history("s")] == [FISH, HERRING]
            store = await place.crash()

    async def test_image_comes_with_a_branch(self, store):
        """What comes behind a fork has its image, and what is not shown any more keeps its own."""
        await store.create(record("s"), [said("a"), shown("b", FISH)], images={FISH: PNG})

        def asked_again(tree):
            forked = fork(tree, "msg_a")
            return replace(forked, history=[*forked.history, shown("c", HERRING)])

        await store.edit_tree("s", asked_again, images={HERRING: GIF})
        assert await store.image("s", FISH) == PNG
        assert await store.image("s", HERRING) == GIF

    async def test_image_goes_with_the_last_message_that_names_it(self, store):
        """An image that two messages name stays with the second one, and goes with that."""
        await store.create(record("s"), [shown("a", FISH), said("b"), shown("c", FISH)], images={FISH: PNG})
        await store.edit_tree("s", lambda tree: drop(tree, "msg_a"))
        assert await store.image("s", FISH) == PNG
        await store.edit("s", lambda messages: messages[:1])
        with pytest.raises(ImageNotFound):
            await store.image("s", FISH)

    async def test_images_go_with_their_session(self, place, store):
        """A deleted session's images are gone, the receipt names them, and another session's are left alone."""
        await store.create(record("s"), [shown("a", FISH)], images={FISH: PNG})
        await store.create(record("t"), [shown("a", FISH)], images={FISH: PNG})
        assert f"images/s/{FISH}" in (await store.delete("s")).removed
        store = await place.crash()
        with pytest.raises(SessionNotFound):
            await store.image("s", FISH)
        assert await store.image("t", FISH) == PNG

    @pytest.mark.parametrize("name", ["", "..", "../t/" + FISH, FISH[:-3] + "exe", "x.png", "é", HERRING])
    async def test_unknown_image_is_not_found(self, store, name):
        """What is no image of the session is answered so, whatever else its name would lead to."""
        await store.create(record("s"), [shown("a", FISH)], images={FISH: PNG})
        await store.create(record("t"), [shown("a", HERRING)], images={HERRING: GIF})
        with pytest.raises(ImageNotFound):
            await store.image("s", name)

    async def test_refused_messages_leave_no_image(self, store):
        """Where the messages are refused, so are their images; those of others stay."""
        await store.create(record("s"), [shown("a", FISH)], images={FISH: PNG})
        with pytest.raises(SessionExists):
            await store.create(record("s"), [], images={FISH: PNG, HERRING: GIF})
        with pytest.raises(NotStorable):
            await store.append("s", [said("\ud800")], images={FISH: PNG, HERRING: GIF})
        assert await store.image("s", FISH) == PNG
        assert contents(await store.history("s")) == ["a"]
        with pytest.raises(ImageNotFound):
            await store.image("s", HERRING)

    async def test_image_for_nobody_is_refused(self, store):
        """A session that is not there takes no image."""
        with pytest.raises(SessionNotFound):
            await store.append("s", [shown("a", FISH)], images={FISH: PNG})
        with pytest.raises(SessionNotFound):
            await store.image("s", FISH)
