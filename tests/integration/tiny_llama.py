"""A language model of two layers that fits into half a megabyte, as a GGUF file that llama.cpp runs.

Rule: it says what can be foretold. Its layers are random and so small that they change nothing; each token's embedding
points at the one token that follows it. So the answer depends on the question's last word alone: `hello` is answered
with `GREETING`, `loop` with `ROUND` without end. It is a real model all the same: tokens, attention, sampling, context.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

GREETING = " Good morning, Käthe. 🌱"
ROUND = " round and"
FILLER = "filler"
"""A word that is one token, to make a prompt long with."""

_WIDTH, _LAYERS, _HEADS = 64, 2, 4
_END = "</s>"
_TEMPLATE = (
    "{% for message in messages[:-1] %}{{ message['content'] }}\n{% endfor %} {{ messages[-1]['content'] }}"
    "{% if not add_generation_prompt %}{{ eos_token }}{% endif %}"
)
"""The question's last word is the prompt's last token."""
_WORDS = ("hello", "loop", FILLER, "Good", "morning", "round", "and", "K", "end")
_SIGNS = (",", ".", "the")
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6
"""Kinds of tokens, as GGUF has them."""


def write_model(path: Path, seed: int = 7) -> None:
    """Writes the model. Needs the packages `gguf` and `numpy`."""
    import gguf
    import numpy

    random = numpy.random.default_rng(seed)
    tokens = list(_tokens())
    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer, tokens)
    embedding = random.normal(size=(len(tokens), _WIDTH)).astype(numpy.float32)
    embedding /= numpy.linalg.norm(embedding, axis=1, keepdims=True)
    output = numpy.zeros_like(embedding)
    for token, follower in _followers([text for text, _ in tokens]):
        output[follower] += 10 * embedding[token]
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", numpy.ones(_WIDTH, numpy.float32))
    for layer in range(_LAYERS):
        for name, shape in _SHAPES.items():
            weights = numpy.ones(shape) if "norm" in name else random.normal(scale=0.001, size=shape)
            writer.add_tensor(f"blk.{layer}.{name}.weight", weights.astype(numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


_SHAPES = {
    **dict.fromkeys(("attn_norm", "ffn_norm"), (_WIDTH,)),
    **dict.fromkeys(("attn_q", "attn_k", "attn_v", "attn_output"), (_WIDTH, _WIDTH)),
    **dict.fromkeys(("ffn_gate", "ffn_up"), (2 * _WIDTH, _WIDTH)),
    "ffn_down": (_WIDTH, 2 * _WIDTH),
}


def _describe(writer: Any, tokens: Sequence[tuple[str, int]]) -> None:
    writer.add_name("tiny")
    writer.add_context_length(8192)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(2 * _WIDTH)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _ in tokens])
    writer.add_token_types([kind for _, kind in tokens])
    writer.add_token_scores([float(-number) for number in range(len(tokens))])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(_TEMPLATE)


def _tokens() -> Iterator[tuple[str, int]]:
    """Texts and kinds: what has no token of its own is spelt in bytes, and a word is put together letter by letter."""
    yield from (("<unk>", _UNKNOWN), ("<s>", _CONTROL), (_END, _CONTROL))
    yield from ((f"<0x{byte:02X}>", _BYTE) for byte in range(256))
    grown = (f"▁{word}"[:end] for word in _WORDS for end in range(1, len(word) + 2))
    yield from ((text, _NORMAL) for text in dict.fromkeys([*grown, *_SIGNS]))


def _followers(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of tokens of which the second follows the first."""
    number = {text: place for place, text in enumerate(texts)}
    greeting = ["▁hello", "▁Good", "▁morning", ",", "▁K", *_bytes("ä"), "the", ".", *_bytes(" 🌱"), _END]
    rounds = ["▁loop", "▁round", "▁and", "▁round"]
    for said in (greeting, rounds):
        yield from pairwise(number[text] for text in said)


def _bytes(text: str) -> list[str]:
    return [f"<0x{byte:02X}>" for byte in text.encode()]
