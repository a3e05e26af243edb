"""Servers in the way to the API server: proxies of two kinds, and another server certificate."""
import base64
import select
import socket
import ssl
import threading


WAITS = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def send(end, data):
    """All of it, however slowly the other side takes it."""
    while data:
        try:
            data = data[end.send(data):]
        except (BlockingIOError, ssl.SSLWantWriteError):
            select.select([], [end], [])
        except ssl.SSLWantReadError:
            select.select([end], [], [])


def pump(source, target):
    """What is there to be read of one direction; whether it goes on."""
    try:
        while data := source.recv(65536):
            send(target, data)
    except WAITS:
        return True
    return False


class Relay:
    """Listens on a free port and serves each connection on a thread of its own; ends all of them on leaving."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(client)
            threading.Thread(target=self.guarded, args=(client,), daemon=True).start()

    def guarded(self, client):
        try:
            self.serve(client)
        except (OSError, ValueError):
            pass
        client.close()

    def serve(self, client):
        raise NotImplementedError

    def join(self, client, server):
        """Both directions, until one ends. On one thread: Python does not guard a TLS connection that two threads use."""
        self.open.append(server)
        with server:
            client.setblocking(False)
            server.setblocking(False)
            while pump(client, server) and pump(server, client):
                select.select([client, server], [], [])

    def cut(self):
        """Ends every connection there is."""
        for end in self.open[:]:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.open.clear()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()


class Proxy(Relay):
    """CONNECT over HTTP, or SOCKS 5. It wants user and password if given; a refusal is the status that all get."""

    def __init__(self, socks=False, user=None, password="", names=None, refusal=None):
        self.socks, self.user, self.password, self.names = socks, user, password, names or {}
        self.refusal, self.connected = refusal, []
        super().__init__()

    def serve(self, client):
        host, port = self.greet_socks(client) if self.socks else self.greet_http(client)
        self.connected.append(f"{host}:{port}")
        server = socket.create_connection((self.names.get(host, host), int(port)))
        client.sendall(b"\x05\x00\x00\x01" + bytes(6) if self.socks else b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.join(client, server)

    def greet_http(self, client):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.exactly(client, 1)
        lines = head.decode().split("\r\n")
        method, target, _ = lines[0].split(" ")
        wanted = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        allowed = not self.user or f"Proxy-Authorization: Basic {wanted}" in lines
        refusal = self.refusal or (None if allowed else 407)
        if refusal or method != "CONNECT":
            client.sendall(f"HTTP/1.1 {refusal or 405} No\r\nContent-Length: 0\r\n\r\n".encode())
            raise ValueError(refusal)
        return target.rsplit(":", 1)

    def greet_socks(self, client):
        _, count = self.exactly(client, 2)
        methods = self.exactly(client, count)
        method = 2 if self.user else 0
        client.sendall(bytes([5, method if method in methods else 255]))
        if self.user:
            user = self.exactly(client, self.exactly(client, 2)[1]).decode()
            password = self.exactly(client, self.exactly(client, 1)[0]).decode()
            good = (user, password) == (self.user, self.password)
            client.sendall(bytes([1, 0 if good else 1]))
            if not good:
                raise ValueError("password")
        kind = self.exactly(client, 4)[3]
        if kind == 1:
            host = socket.inet_ntoa(self.exactly(client, 4))
        else:
            host = self.exactly(client, self.exactly(client, 1)[0]).decode()
        return host, int.from_bytes(self.exactly(client, 2), "big")

    @staticmethod
    def exactly(client, count):
        data = b""
        while len(data) < count:
            more = client.recv(count - len(data))
            if not more:
                raise ValueError("closed")
            data += more
        return data


class TlsRelay(Relay):
    """A server's front with a certificate that the test chooses, and changes; the API server is behind it."""

    def __init__(self, port, authority, certificate, key):
        self.behind, self.authority = int(port), authority
        self.change(certificate, key)
        super().__init__()

    def change(self, certificate, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)

    def serve(self, client):
        with self.context.wrap_socket(client, server_side=True) as front:
            self.open.append(front)
            inner = ssl.create_default_context(cafile=self.authority)
            server = inner.wrap_socket(socket.create_connection(("127.0.0.1", self.behind)), server_hostname="127.0.0.1")
            self.join(front, server)
