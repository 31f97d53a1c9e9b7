"""openai-python, as it comes from PyPI, against a running server."""

import openai
import pytest

from tests.server_process import ServerProcess


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A default server, with the metronome beside scribe for what has to take its time."""
    server = ServerProcess(tmp_path_factory.mktemp("openai") / "data")
    server.start()
    yield server
    server.stop()
    server.read_json_files()


@pytest.fixture
def client(server):
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0, timeout=60) as client:
        yield client


def test_two_turns_over_the_socket(client):
    """`client.responses.connect()`: the second answer knows of the first."""
    with client.responses.connect() as connection:
        connection.response.create(model="scribe", input="My cat is called Mila.")
        first = next(event for event in connection if event.type == "response.completed").response
        connection.response.create(model="scribe", input="What did I say about my cat?", previous_response_id=first.id)
        kinds, text, second = [], "", None
        for event in connection:
            if event.type == "error":
                pytest.fail(str(event))
            kinds.append(event.type)
            if event.type == "response.output_text.delta":
                text += event.delta
            if event.type == "response.completed":
                second = event.response
                break
    assert second is not None
    assert "Mila" in text
    assert second.output_text == text
    assert second.conversation == first.conversation
    wanted = [kind for kind in kinds if kind.startswith("response.") and kind != "response.output_text.delta"]
    assert wanted[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert wanted[4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]


async def test_turn_over_the_socket_without_blocking(server):
    """The same with the asynchronous client."""
    client = openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="any", timeout=60)
    async with client, client.responses.connect() as connection:
        await connection.response.create(model="metronome", input="3@0")
        text = ""
        async for event in connection:
            if event.type == "response.output_text.delta":
                text += event.delta
            if event.type == "response.completed":
                break
    assert text == "w0 w1 w2 "


def test_error_over_the_socket(client):
    """An error is an event, and the connection goes on."""
    with client.responses.connect() as connection:
        connection.response.create(model="nobody", input="hi")
        event = next(event for event in connection if not event.type.startswith("verbatim:"))
        assert event.type == "error"
        connection.response.create(model="scribe", input="hi")
        kinds = []
        for event in connection:
            kinds.append(event.type)
            if event.type in ("response.completed", "error"):
                break
    assert kinds[-1] == "response.completed"


def test_turns_over_http(client):
    """A turn, a stream, and one behind the other."""
    first = client.responses.create(input="My cat is called Mila.")
    assert (first.status, first.object) == ("completed", "response")
    with client.responses.stream(
        model="scribe", input="What did I say about my cat?", previous_response_id=first.id
    ) as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        second = stream.get_final_response()
    assert "Mila" in text
    assert second.output_text == text
    assert client.responses.retrieve(second.id).output_text == text


def test_resume_of_a_stream(client):
    """A stream that was left is resumed with `starting_after`; both parts are the whole."""
    prefix, cursor, response_id = "", -1, ""
    stream = client.responses.create(model="metronome", input="60@200", stream=True)
    for event in stream:
        if event.type == "response.created":
            response_id = event.response.id
        if event.type == "response.output_text.delta":
            prefix, cursor = prefix + event.delta, event.sequence_number
            if len(prefix) > 20:
                break
    stream.close()
    rest, last = "", None
    for event in client.responses.retrieve(response_id, stream=True, starting_after=cursor):
        assert event.sequence_number > cursor
        cursor = event.sequence_number
        if event.type == "response.output_text.delta":
            rest += event.delta
        last = event
    assert prefix + rest == "".join(f"w{number} " for number in range(60))
    assert last is not None
    assert last.type == "response.completed"


def test_cancel_and_delete(client):
    """A running response is cancelled, found as such, and deleted."""
    stream = client.responses.create(model="metronome", input="300@50", stream=True)
    response_id = next(event for event in stream if event.type == "response.created").response.id
    assert client.responses.cancel(response_id).status == "cancelled"
    last = list(stream)[-1]
    assert (last.type, last.response.status) == ("response.incomplete", "cancelled")
    assert client.responses.retrieve(response_id).status == "cancelled"
    client.responses.delete(response_id)
    with pytest.raises(openai.NotFoundError) as caught:
        client.responses.retrieve(response_id)
    assert caught.value.code == "response_not_found"


def test_conversations(client):
    """Create, converse, page, update, retrieve, delete."""
    items = [{"type": "message", "role": "user", "content": "My cat is called Mila."}]
    conversation = client.conversations.create(metadata={"title": "cats"}, items=items)
    response = client.responses.create(input="What did I say about my cat?", conversation=conversation.id)
    assert "Mila" in response.output_text
    assert response.conversation is not None
    assert response.conversation.id == conversation.id
    texts = [item.content[0].text for item in client.conversations.items.list(conversation.id, order="asc", limit=1)]
    assert texts == ["My cat is called Mila.", "What did I say about my cat?", response.output_text]
    assert client.conversations.update(conversation.id, metadata={"title": "dogs"}).metadata == {"title": "dogs"}
    assert client.conversations.retrieve(conversation.id).metadata == {"title": "dogs"}
    assert client.conversations.delete(conversation.id).deleted is True
    with pytest.raises(openai.NotFoundError):
        client.conversations.retrieve(conversation.id)


def test_models(client):
    """The list of models, and that each answers."""
    names = [model.id for model in client.models.list()]
    assert names == ["scribe", "metronome"]


def test_errors(client, server):
    """Each of our errors is the client's class for it, with code, field and message."""
    with pytest.raises(openai.BadRequestError) as bad:
        client.responses.create(input="hi", temperature=9)
    assert (bad.value.code, bad.value.param) == ("invalid_value", "temperature")
    with pytest.raises(openai.NotFoundError) as missing:
        client.responses.create(model="nobody", input="hi")
    assert (missing.value.code, missing.value.param) == ("model_not_found", "model")
    for call in (client.responses.retrieve, client.responses.cancel, client.conversations.retrieve):
        with pytest.raises(openai.NotFoundError):
            call("nobody")


def test_two_keys_are_two_users(client, server):
    """Without configured keys each key is a user of its own."""
    response = client.responses.create(input="hi")
    other = openai.OpenAI(base_url=f"{server.url}/v1", api_key="another", max_retries=0)
    with other, pytest.raises(openai.NotFoundError):
        other.responses.retrieve(response.id)


def test_wrong_key(tmp_path):
    """With configured keys a wrong one is an authentication error, over HTTP and on the socket."""
    server = ServerProcess(tmp_path / "data", VERBATIM_API_KEYS="right=anna")
    server.start()
    try:
        for key, works in (("right", True), ("wrong", False)):
            with openai.OpenAI(base_url=f"{server.url}/v1", api_key=key, max_retries=0) as client:
                if works:
                    assert client.responses.create(input="hi").status == "completed"
                    continue
                with pytest.raises(openai.AuthenticationError):
                    client.models.list()
                with pytest.raises(Exception, match="401"), client.responses.connect() as connection:
                    connection.response.create(model="scribe", input="hi")
    finally:
        server.stop()
