"""How much in images is taken. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """How much one message may bring.

    Attributes:
        image_bytes: Of one image, decoded.
        images: In one message.
    """

    image_bytes: int = 4 << 20
    images: int = 8
