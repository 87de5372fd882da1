package io.flotilla.samples.readingcrew.chat;

import io.flotilla.samples.shell.BadInput;
import io.flotilla.samples.shell.Settings;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Whom the agents talk to. The key goes into one header and nowhere else: it is not in {@link #toString()}, and {@link
 * #redact} takes it out of what the other side says. Immutable.
 */
public final class Endpoint {

    private static final String DEFAULT_BASE_URL = "https://api.openai.com/v1";
    private static final String DEFAULT_MODEL = "gpt-4o-mini";
    private static final String INSTEAD = "[key]";

    private final URI baseUrl;
    private final String model;
    private final @Nullable String key;

    private Endpoint(URI baseUrl, String model, @Nullable String key) {
        this.baseUrl = baseUrl;
        this.model = model;
        this.key = key;
    }

    /** An endpoint that asks for no key. */
    public static Endpoint withoutKey(URI baseUrl, String model) {
        return new Endpoint(baseUrl, model, null);
    }

    /**
     * What {@code OPENAI_API_KEY}, {@code OPENAI_BASE_URL} and {@code OPENAI_MODEL} say.
     *
     * @return null if there is no key
     */
    public static @Nullable Endpoint of(Settings settings) {
        String key = settings.variable("OPENAI_API_KEY");
        if (key == null) {
            return null;
        }
        if (!key.chars().allMatch(character -> character > ' ' && character < 127)) {
            throw new BadInput("OPENAI_API_KEY must be printable ASCII without spaces; it is not shown here");
        }
        String model = settings.variable("OPENAI_MODEL");
        return new Endpoint(
                baseUrl(settings.variable("OPENAI_BASE_URL")), Objects.requireNonNullElse(model, DEFAULT_MODEL), key);
    }

    private static URI baseUrl(@Nullable String given) {
        if (given == null) {
            return URI.create(DEFAULT_BASE_URL);
        }
        try {
            URI url = new URI(given.replaceFirst("/+$", ""));
            boolean http = "http".equalsIgnoreCase(url.getScheme()) || "https".equalsIgnoreCase(url.getScheme());
            if (http && url.getHost() != null && url.getQuery() == null && url.getFragment() == null) {
                if (url.getUserInfo() != null) {
                    throw new BadInput("OPENAI_BASE_URL must have no user or password in it; it is not shown here");
                }
                return url;
            }
        } catch (URISyntaxException noUrl) {
            // said below
        }
        throw new BadInput("OPENAI_BASE_URL must be a URL as in " + DEFAULT_BASE_URL + "; it is not shown here");
    }

    /** Where completions are asked for. */
    String completions() {
        return baseUrl + "/chat/completions";
    }

    String model() {
        return model;
    }

    /** The value of the {@code Authorization} header; null without a key. */
    @Nullable String authorization() {
        return key == null ? null : "Bearer " + key;
    }

    /** The text without the key, should the other side have repeated it. */
    String redact(String text) {
        return key == null ? text : text.replace(key, INSTEAD);
    }

    /** The answer without the key, however its pieces have cut it. */
    Flux<Delta> redact(Flux<Delta> answer) {
        String secret = key;
        return secret == null
                ? answer
                : Flux.defer(() -> {
                    KeyFilter filter = new KeyFilter(secret, INSTEAD);
                    return answer.map(filter::pass).concatWith(Mono.fromSupplier(filter::rest));
                });
    }

    /** Address and model, without the key. */
    @Override
    public String toString() {
        return baseUrl + ", model " + model;
    }
}
