"""Chats through the gateway with the official package: openai_client.py BASE_URL API_KEY FILE."""

import base64
import sys
from pathlib import Path

import openai

base_url, api_key, path = sys.argv[1:]
client = openai.OpenAI(base_url=base_url, api_key=api_key, max_retries=0)
data = base64.b64encode(Path(path).read_bytes()).decode()
messages = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "hello"},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
            {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}},
        ],
    }
]

answer = client.chat.completions.create(model="m", messages=messages)
print(answer.choices[0].message.content)

with client.chat.completions.create(model="m", messages=messages, stream=True) as stream:
    print("".join(chunk.choices[0].delta.content or "" for chunk in stream))

print(client.responses.create(model="m", input="hello").output_text)
print(client.completions.create(model="m", prompt="hello").choices[0].text)
print(client.embeddings.create(model="m", input="hello").data[0].embedding)
print([model.id for model in client.models.list()])
with open(path, "rb") as file:
    print(client.audio.transcriptions.create(model="m", file=file).text)

try:
    client.chat.completions.create(model="m", messages=[{"role": "user", "content": "bulkway:x"}])
except openai.NotFoundError as error:
    print(error.code, error.param, error)
