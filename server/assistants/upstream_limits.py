"""How long, how often and how much is taken from a model server. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UpstreamLimits:
    """Limits of one model server.

    Attributes:
        connect_timeout_s: From asking for a connection to having one, the name's resolution included.
        first_token_timeout_s: From the request to the first text or reasoning; a server may load its model first.
        token_timeout_s: Between two pieces; comments that only keep the connection open do not count.
        tail_timeout_s: For the usage, after the finish reason has come.
        end_timeout_s: For the end of the body after `[DONE]`; a connection that ended in order is used again.
        models_timeout_s: For the list of models, altogether.
        error_timeout_s: For the body of an error.
        max_retries: How often a request is repeated that had no answer yet.
        retry_wait_s: Before the first repetition, at most; doubled for each further one.
        max_retry_wait_s: The most that is waited; a server that asks for more is not asked again.
        max_failures: After so many requests in a row that failed the server is taken for down; 0: never.
        down_pause_s: How long it is then not asked.
        max_event_bytes: One event, or one whole answer of a server that does not stream.
        max_answer_chars: Of one answer, with what is thought: a model may never come to an end, and nobody may be there
            to stop it.
        max_images: Of the images in a prompt, the latest go.
        max_images_bytes: What these may have together.
        max_models_bytes: The list of models; vendors have long ones.
        max_error_bytes: As much of an error's body is read.
    """

    connect_timeout_s: float = 10.0
    first_token_timeout_s: float = 120.0
    token_timeout_s: float = 60.0
    tail_timeout_s: float = 2.0
    end_timeout_s: float = 0.05
    models_timeout_s: float = 5.0
    error_timeout_s: float = 5.0
    max_retries: int = 2
    retry_wait_s: float = 0.5
    max_retry_wait_s: float = 10.0
    max_failures: int = 5
    down_pause_s: float = 10.0
    max_event_bytes: int = 4 * 1024 * 1024
    max_answer_chars: int = 4 * 1024 * 1024
    max_images: int = 16
    max_images_bytes: int = 16 * 1024 * 1024
    max_models_bytes: int = 16 * 1024 * 1024
    max_error_bytes: int = 1024 * 1024
