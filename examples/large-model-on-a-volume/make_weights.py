"""Makes a file of weights in the safetensors format: random tensors, as large as you like.

    python make_weights.py weights.safetensors --bytes 5000000000
"""

import argparse
import json
import os
import struct

TENSOR_BYTES = 64 * 1024 * 1024


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("path")
    options.add_argument("--bytes", type=int, default=5_000_000_000)
    given = options.parse_args()

    # A header that says too little by a hundred bytes a tensor is still as long as it was asked for.
    size = given.bytes - 8 - 4096 - given.bytes // TENSOR_BYTES * 128
    tensors, at = {}, 0
    while at < size:
        end = min(size, at + TENSOR_BYTES) // 2 * 2
        if end == at:
            break
        shape = [(end - at) // 2]
        name = f"blocks.{len(tensors)}.weight"
        tensors[name] = {"dtype": "F16", "shape": shape, "data_offsets": [at, end]}
        at = end
    header = json.dumps(tensors).encode()
    header += b" " * (given.bytes - 8 - at - len(header))
    with open(given.path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        while at > 0:
            piece = min(at, 8 * 1024 * 1024)
            file.write(os.urandom(piece))
            at -= piece


if __name__ == "__main__":
    main()
