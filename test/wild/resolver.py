"""A name server that knows no name, for servers that wait while none answers: resolver.py ADDRESS."""

import socket
import sys

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((sys.argv[1], 53))
while True:
    query, client = server.recvfrom(4096)
    # RFC 1035 4.1: the question's labels end at a zero, before type and class.
    end = query.index(0, 12) + 5
    # A response, recursion available, NXDOMAIN; one question and nothing else.
    server.sendto(query[:2] + b"\x81\x83\0\1\0\0\0\0\0\0" + query[12:end], client)
