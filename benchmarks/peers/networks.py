"""The published networks that are raced, and where their files lie."""

import pathlib

# Name in the zoo -> input side, pixels, at which its accuracy is published.
NETWORKS = {
    "conv_small": 224,
    "conv_medium": 256,
    "hybrid_medium": 256,
    "conv_large": 384,
    "hybrid_large": 384,
}

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build" / "peers"

if __name__ == "__main__":
    print(*NETWORKS)
