#!/usr/bin/env python3
"""What `draw -s 7 -n 4` draws from 1000 equal probabilities of sequence 3 at
position 5: philox.want. Written after Salmon et al. 2011 and Random123's
documentation, in integers of any size; checked here with its kat_vectors.

    ./philox.py >philox.want
"""


def philox(c, k):
    for r in range(10):
        a, b = 0xd2511f53 * c[0], 0xcd9e8d57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xffffffff,
             (a >> 32) ^ c[3] ^ k[1], a & 0xffffffff]
        k = [(k[0] + 0x9e3779b9) & 0xffffffff, (k[1] + 0xbb67ae85) & 0xffffffff]
    return c


assert philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
              [0xa4093822, 0x299f31d0]) == [
                  0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]
for i in range(4):
    x = philox([5, 3, i, int.from_bytes(b'draw', 'big')], [7, 0])
    print(1000 * (x[1] << 32 | x[0]) >> 64)
