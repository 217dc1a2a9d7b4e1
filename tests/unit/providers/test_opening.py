import subprocess
import sys

OPEN = """
import asyncio
from watchdog.providers.anthropic_messages import AnthropicProvider
from watchdog.providers.openai_chat import OpenAIProvider

async def main():
    several = [made(api_key="k") for made in (OpenAIProvider, AnthropicProvider) for _ in range(4)]
    await asyncio.gather(*(asyncio.to_thread(provider.warm_up) for provider in several))
    for provider in several:
        await provider.aclose()

asyncio.run(main())
"""


def test_several_providers_of_one_sdk_may_be_opened_at_once():
    done = subprocess.run([sys.executable, "-c", OPEN], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
