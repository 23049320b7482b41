"""A bare httpx loop: so many requests at a time, each waits for its answer, nothing is stored and nothing is logged.

python -m bench.peers.httpxloop --url http://127.0.0.1:40000/bare --count 4000 --concurrency 16 --bytes 900
"""

import argparse
import asyncio
import time

import httpx
import uvloop


async def loop(url: str, count: int, concurrency: int, size: int) -> float:
    """Requests per second. Raises httpx's errors, and for what is not 200."""
    left = iter(range(count))
    body = b"x" * size

    async def send(client: httpx.AsyncClient) -> None:
        for _ in left:
            answer = await client.post(url, content=body, headers={"content-type": "application/json"})
            answer.raise_for_status()

    async with httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=concurrency)) as client:
        begun = time.perf_counter()
        await asyncio.gather(*(send(client) for _ in range(concurrency)))
        return count / (time.perf_counter() - begun)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--concurrency", type=int, required=True)
    parser.add_argument("--bytes", type=int, required=True)
    given = parser.parse_args()
    print(uvloop.run(loop(given.url, given.count, given.concurrency, given.bytes)))
