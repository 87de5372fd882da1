package io.flotilla.inspector;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** A connection that says what no client library would, and reads only when it is told to. */
final class Wire implements AutoCloseable {

    private final Socket socket = new Socket();

    /** {@code receives} is how many bytes it takes at most before it is read. */
    Wire(URI address, int receives) {
        try {
            socket.setReceiveBufferSize(receives);
            socket.setSoTimeout((int) Client.PATIENCE.toMillis());
            socket.connect(
                    new InetSocketAddress(address.getHost(), address.getPort()), (int) Client.PATIENCE.toMillis());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    static Wire to(Inspector inspector) {
        return new Wire(inspector.address(), 65_536);
    }

    Wire say(String text) {
        try {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            return this;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    Wire get(String path) {
        return say("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    }

    /** The first line of the answer; empty if the connection is closed instead. */
    String status() {
        StringBuilder line = new StringBuilder();
        try {
            for (int next = socket.getInputStream().read();
                    next >= 0 && next != '\r';
                    next = socket.getInputStream().read()) {
                line.append((char) next);
            }
        } catch (java.net.SocketException closed) {
            return "";
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return line.toString();
    }

    /** Reads until the other side closes; how many bytes came. */
    long drain() {
        byte[] bytes = new byte[65_536];
        long count = 0;
        try {
            for (int read = socket.getInputStream().read(bytes);
                    read >= 0;
                    read = socket.getInputStream().read(bytes)) {
                count += read;
            }
            return count;
        } catch (java.net.SocketException closed) {
            return count;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException closed) {
            // so it is
        }
    }
}
