package io.flotilla.inspector;

import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who may ask what. A page from elsewhere, which the user's browser shows as well, must not reach the inspector: neither by a name of its
 * own that it resolves to this host (the Host header tells), nor by a request across origins (the Origin and Sec-Fetch-Site headers tell);
 * and it does not know the token. Immutable.
 */
final class Access {

    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "::1");

    private final Settings settings;

    Access(Settings settings) {
        this.settings = settings;
    }

    static boolean isLoopback(String host) {
        return LOOPBACK.contains(bare(host));
    }

    /** For every request. */
    void checkOrigin(InspectorRequest request) {
        String host = request.header("Host");
        if (host == null || host.isBlank() || !isOurs(host)) {
            throw ApiError.of(
                    403, "foreign-host", "the Host header names another host; see Inspector.Builder.allowedHosts");
        }
        String origin = request.header("Origin");
        if (origin != null
                && !origin.equalsIgnoreCase("http://" + host)
                && !origin.equalsIgnoreCase("https://" + host)) {
            throw ApiError.of(403, "foreign-origin", "the request comes from a page of another origin");
        }
        String site = request.header("Sec-Fetch-Site");
        if (site != null && !site.equals("same-origin") && !site.equals("none") && !isNavigation(request)) {
            throw ApiError.of(403, "foreign-origin", "the request comes from a page of another site");
        }
    }

    /** A link from elsewhere to the page, say from a chat, is none of its business. */
    private static boolean isNavigation(InspectorRequest request) {
        return request.method().equals("GET") && "navigate".equals(request.header("Sec-Fetch-Mode"));
    }

    private boolean isOurs(String authority) {
        String name = nameOf(authority);
        return (isLoopback(name) && isLoopback(settings.host()))
                || name.equals(bare(settings.host()))
                || settings.allowedHosts().contains(name)
                || (settings.allowedHosts().isEmpty() && !isLoopback(settings.host()));
    }

    /** Without the port. */
    private static String nameOf(String authority) {
        int colon = authority.lastIndexOf(':');
        boolean hasPort = colon > authority.lastIndexOf(']');
        return bare(hasPort ? authority.substring(0, colon) : authority);
    }

    /** As it is compared: an IPv6 address without its brackets, in small letters. */
    static String bare(String name) {
        boolean isBracketed = name.startsWith("[") && name.endsWith("]");
        return (isBracketed ? name.substring(1, name.length() - 1) : name).toLowerCase(Locale.ROOT);
    }

    /** For everything that is not the page itself. */
    void checkReader(@Nullable String authorization) {
        Token token = settings.token();
        if (token != null && !token.isIn(authorization)) {
            throw ApiError.of(
                    401, "unauthorized", "the Authorization header must have the inspector's token: Bearer TOKEN");
        }
    }

    /** For all that changes something. */
    void checkActor(InspectorRequest request) {
        if (!settings.allowsActions() || settings.token() == null) {
            throw ApiError.of(403, "actions-disabled", "this inspector only shows; see Inspector.Builder.allowActions");
        }
        checkReader(request.header("Authorization"));
        String type = request.header("Content-Type");
        if (type == null || !type.toLowerCase(Locale.ROOT).startsWith("application/json")) {
            throw ApiError.of(415, "unsupported-media-type", "actions are sent as application/json");
        }
    }
}
