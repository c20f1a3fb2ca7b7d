"""aiosmtpd on 127.0.0.1: `aiosmtpd_server.py PORT FILE` appends every message to FILE before it says 250."""
import asyncio
import sys

from aiosmtpd.smtp import SMTP

port, path = int(sys.argv[1]), sys.argv[2]


class Append:
    async def handle_DATA(self, server, session, envelope):
        # Bytes as they came, with CRLF, the stuffed dots taken away (RFC 5321 4.5.2).
        octets = envelope.original_content
        with open(path, "ab") as file:
            file.write(len(octets).to_bytes(4, "big") + octets)
        return "250 2.0.0 taken"


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Append(), decode_data=False), "127.0.0.1", port)
    await server.serve_forever()


asyncio.run(main())
