"""How servers say that a request is too long, as they were seen to say it."""

import pytest

from server.assistants.completion_chunk import decode_chunk, error_detail
from server.assistants.context_overflow import CODE, context_exceeded, still_exceeded
from server.assistants.upstream_faults import fault_of_status
from server.errors import AssistantFailed

TOO_LONG = {
    "OpenAI": (
        {
            "error": {
                "message": "This model's maximum context length is 8192 tokens. However, your messages resulted in "
                "9000 tokens. Please reduce the length of the messages.",
                "type": "invalid_request_error",
                "param": "messages",
                "code": "context_length_exceeded",
            }
        },
        8192,
    ),
    "OpenAI, newer": (
        {"error": {"message": "Your input exceeds the context window of this model.", "code": "invalid"}},
        None,
    ),
    "a code alone": ({"error": {"message": "Too long.", "code": "context_length_exceeded"}}, None),
    "vLLM": (
        {
            "object": "error",
            "message": "This model's maximum context length is 6048 tokens. However, you requested 6616 tokens (568 in "
            "the messages, 6048 in the completion). Please reduce the length of the messages or completion.",
            "type": "BadRequestError",
            "param": None,
            "code": 400,
        },
        6048,
    ),
    "vLLM, its processor": (
        {
            "error": {
                "message": "The decoder prompt (length 5951) is longer than the maximum model length of 4096. Make "
                "sure that `max_model_len` is no smaller than the number of text tokens.",
                "code": 400,
            }
        },
        4096,
    ),
    "SGLang": (
        {"message": "The input (85050 tokens) is longer than the model's context length (32768 tokens)."},
        32768,
    ),
    "SGLang, with the answer": (
        {"message": "Requested token count exceeds the model's maximum context length of 202752 tokens."},
        202752,
    ),
    "llama.cpp": (
        {
            "error": {
                "code": 400,
                "message": "request (4476 tokens) exceeds the available context size (4096 tokens), try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 4476,
                "n_ctx": 4096,
            }
        },
        4096,
    ),
    "llama.cpp, older": (
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size, try increasing it",
                "type": "invalid_request_error",
            }
        },
        None,
    ),
    "llama.cpp, of the fields": ({"error": {"type": "exceed_context_size_error", "n_ctx": 2048}}, 2048),
    "llama-cpp-python": (
        {"error": {"message": "Requested tokens (613) exceed context window of 512", "code": None}},
        512,
    ),
    "Ollama": ({"error": {"message": "input length exceeds maximum context length", "type": "api_error"}}, None),
    "Ollama, the input": ({"error": {"message": "the input length exceeds the context length"}}, None),
    "Ollama's cloud": ({"error": "prompt too long; exceeded max context length by 12 tokens"}, None),
    "LM Studio": (
        {
            "error": "Trying to keep the first 10136 tokens when context the overflows. However, the model is loaded "
            "with context length of only 7866 tokens, which is not enough."
        },
        7866,
    ),
    "LM Studio, newer": (
        {
            "error": {
                "message": "The number of tokens to keep from the initial prompt is greater than the context length."
            }
        },
        None,
    ),
    "LM Studio, in the middle": ({"error": {"message": "Context size has been exceeded."}}, None),
    "Mistral": (
        {"message": "Prompt contains 40,000 tokens, too large for model with 32,768 maximum context length"},
        32768,
    ),
    "Anthropic": ({"error": {"message": "prompt is too long: 208310 tokens > 200000 maximum"}}, 200000),
    "Gemini": (
        {
            "error": {
                "message": "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575)."
            }
        },
        1048575,
    ),
    "xAI": ({"error": "This model's maximum prompt length is 131072 but the request contains 537812 tokens."}, 131072),
    "text-generation-inference": (
        {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000"},
        4096,
    ),
    "Groq": ({"error": {"message": "Please reduce the length of the messages or completion."}}, None),
}
OTHERS: list[object] = [
    None,
    [],
    "too long",
    {"error": None},
    {"error": {"message": "Invalid value for temperature", "code": "invalid_value"}},
    {"error": {"message": "no memory", "type": "server_error", "n_ctx": 4096}},
    {"error": {"message": "Rate limit reached: 30000 tokens per minute", "code": "rate_limit_exceeded"}},
]


@pytest.mark.parametrize(("value", "tokens"), TOO_LONG.values(), ids=TOO_LONG)
def test_request_was_too_long(value, tokens):
    """It is known, with what the model takes in where that is said."""
    failure = context_exceeded(value, error_detail(value))
    assert failure
    assert (failure.code, failure.context_tokens) == (CODE, tokens)
    assert failure.message.startswith("The conversation is longer than the model can take in")
    assert error_detail(value) in failure.message


@pytest.mark.parametrize("value", OTHERS, ids=str)
def test_other_errors_are_no_such_thing(value):
    """Neither a number nor a word alone makes one."""
    assert context_exceeded(value, error_detail(value)) is None


@pytest.mark.parametrize("said", [0, -1, True, "4096"])
def test_size_that_is_none_is_not_said(said):
    """A field that holds no count of tokens says nothing."""
    failure = context_exceeded({"error": {"type": "exceed_context_size_error", "n_ctx": said}}, "")
    assert failure
    assert failure.context_tokens is None
    assert failure.message == "The conversation is longer than the model can take in."


def test_last_word_says_what_to_do():
    """Where nothing more can be left out, it is the person's turn."""
    failure = context_exceeded({}, "the input length exceeds the context length")
    assert failure
    assert "Shorten the message, or begin a new conversation: the input" in still_exceeded(failure).message


BODY = b'{"error":{"code":400,"message":"the request exceeds the available context size"}}'


@pytest.mark.parametrize(("status", "code"), [(400, CODE), (413, CODE), (500, CODE), (429, "upstream_rate_limited")])
def test_status_with_the_sentence(status, code):
    """Whatever the status, it is not repeated as it was, and says nothing of the server's health; only that a server
    takes no more for now is what it says."""
    fault = fault_of_status(status, BODY, None)
    assert fault.failure.code == code
    assert fault.retryable == (status == 429)


def test_chunk_with_the_sentence():
    """An error within the stream is read the same way."""
    with pytest.raises(AssistantFailed) as raised:
        decode_chunk(BODY)
    assert raised.value.code == CODE
