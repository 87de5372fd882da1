package io.flotilla.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.util.context.Context;

class EnvelopeTest {

    private static final AgentId EDITOR = AgentId.of("editor");
    private static final AgentId WRITER = AgentId.of("writer");

    @Test
    void to_defaults_isTheFirstOfAConversation() {
        Envelope envelope = Envelope.to(WRITER, "hello").build();

        assertThat(envelope.recipient()).isEqualTo(WRITER);
        assertThat(envelope.topic()).isNull();
        assertThat(envelope.payload()).isEqualTo("hello");
        assertThat(envelope.sender()).isEqualTo(Envelope.ANONYMOUS);
        assertThat(envelope.correlationId()).isEqualTo(envelope.id());
        assertThat(envelope.causationId()).isNull();
        assertThat(envelope.hops()).isZero();
        assertThat(envelope.deadline()).isNull();
        assertThat(envelope.trace()).isEmpty();
        assertThat(envelope.headers()).isEmpty();
        assertThat(envelope.context().isEmpty()).isTrue();
    }

    @Test
    void build_twice_givesEachAnIdOfItsOwn() {
        Envelope.Builder builder = Envelope.to("writer", "hello");
        Set<String> ids = new HashSet<>();
        for (int count = 0; count < 1_000; count++) {
            ids.add(builder.build().id());
        }

        assertThat(ids).hasSize(1_000);
    }

    @Test
    void onTopic_andToAll_haveNoRecipient() {
        Envelope published = Envelope.onTopic("news/sport", 1).build();
        Envelope broadcast = Envelope.toAll(1).build();

        assertThat(published.topic()).isEqualTo("news/sport");
        assertThat(published.recipient()).isNull();
        assertThat(broadcast.topic()).isNull();
        assertThat(broadcast.recipient()).isNull();
    }

    @Test
    void reply_followsFromTheQuestion() {
        Envelope question = Envelope.to(WRITER, "?")
                .from(EDITOR)
                .correlationId("story-7")
                .deadline(Instant.EPOCH)
                .headers(Map.of("a", "1"))
                .trace(Map.of("traceparent", "00-1"))
                .context(Context.of("k", "v"))
                .build();

        Envelope answer = question.reply(WRITER, "!").build();

        assertThat(answer.recipient()).isEqualTo(EDITOR);
        assertThat(answer.sender()).isEqualTo(WRITER);
        assertThat(answer.correlationId()).isEqualTo("story-7");
        assertThat(answer.causationId()).isEqualTo(question.id());
        assertThat(answer.hops()).isEqualTo(1);
        assertThat(answer.trace()).isEqualTo(question.trace());
        assertThat(answer.context().<String>get("k")).isEqualTo("v");
        assertThat(answer.deadline()).as("the question's").isNull();
        assertThat(answer.headers()).as("the question's").isEmpty();
    }

    @Test
    void forward_isACopyForAnotherRecipient() {
        Envelope original = Envelope.onTopic("news", "text")
                .from(EDITOR)
                .hops(4)
                .deadline(Instant.EPOCH)
                .headers(Map.of("a", "1"))
                .build();

        Envelope copy = original.forward(WRITER, AgentId.of("printer")).build();

        assertThat(copy.recipient()).isEqualTo(AgentId.of("printer"));
        assertThat(copy.sender()).isEqualTo(WRITER);
        assertThat(copy.payload()).isEqualTo("text");
        assertThat(copy.headers()).isEqualTo(original.headers());
        assertThat(copy.deadline()).isEqualTo(Instant.EPOCH);
        assertThat(copy.causationId()).isEqualTo(original.id());
        assertThat(copy.id()).isNotEqualTo(original.id());
        assertThat(copy.hops()).isEqualTo(5);
    }

    @Test
    void reply_afterTheMostHops_doesNotOverflow() {
        Envelope last = Envelope.to(WRITER, 1).hops(Integer.MAX_VALUE).build();

        assertThat(last.reply(WRITER, 2).build().hops()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void headersAndTrace_areCopied() {
        Map<String, String> headers = new HashMap<>(Map.of("a", "1"));
        Envelope envelope =
                Envelope.to(WRITER, 1).headers(headers).trace(headers).build();
        headers.put("b", "2");

        assertThat(envelope.headers()).containsOnlyKeys("a");
        assertThat(envelope.trace()).containsOnlyKeys("a");
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> envelope.headers().put("c", "3"));
    }

    @Test
    void payload_ofAType_isCastOrRefused() {
        Envelope envelope = Envelope.to(WRITER, 7).id("e1").build();

        assertThat(envelope.payload(Integer.class)).isEqualTo(7);
        assertThat(envelope.payload(Number.class)).isEqualTo(7);
        assertThatExceptionOfType(PayloadTypeException.class)
                .isThrownBy(() -> envelope.payload(String.class))
                .withMessage("the payload of envelope e1 must be a java.lang.String, was a java.lang.Integer")
                .satisfies(refused -> {
                    assertThat(refused.envelopeId()).isEqualTo("e1");
                    assertThat(refused.expected()).isEqualTo(String.class);
                    assertThat(refused.actual()).isEqualTo(Integer.class);
                });
    }

    @Test
    void equals_isOfTheId() {
        Envelope one = Envelope.to(WRITER, 1).id("x").build();
        Envelope same = Envelope.to(EDITOR, 2).id("x").build();

        assertThat(one)
                .isEqualTo(same)
                .hasSameHashCodeAs(same)
                .isNotEqualTo(Envelope.to(WRITER, 1).build());
    }

    @Test
    void toString_doesNotShowThePayload() {
        Envelope envelope = Envelope.to(WRITER, "secret").from(EDITOR).id("e1").build();

        assertThat(envelope).hasToString("e1 from editor to writer, String");
        assertThat(Envelope.onTopic("t", "secret").id("e2").build()).hasToString("e2 from anonymous on t, String");
        assertThat(Envelope.toAll("secret").id("e3").build()).hasToString("e3 from anonymous to all, String");
    }

    @Test
    void payload_null_isRefused() {
        assertThatNullPointerException()
                .isThrownBy(() -> Envelope.to(WRITER, null))
                .withMessage("payload");
        assertThatNullPointerException()
                .isThrownBy(() -> Envelope.onTopic("t", null))
                .withMessage("payload");
        assertThatNullPointerException().isThrownBy(() -> Envelope.toAll(null)).withMessage("payload");
        assertThatNullPointerException()
                .isThrownBy(() -> Envelope.toAll(1).build().reply(WRITER, null))
                .withMessage("payload");
    }

    @Test
    void addresses_null_areRefused() {
        assertThatNullPointerException().isThrownBy(() -> Envelope.to((AgentId) null, 1));
        assertThatNullPointerException().isThrownBy(() -> Envelope.onTopic(null, 1));
        assertThatNullPointerException().isThrownBy(() -> Envelope.toAll(1).from((AgentId) null));
        assertThatNullPointerException()
                .isThrownBy(() -> Envelope.toAll(1).build().forward(WRITER, null));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a\nb", "a\u0000", "a\u2028b"})
    void names_outOfBounds_areRefused(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> Envelope.onTopic(name, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> Envelope.toAll(1).id(name));
        assertThatIllegalArgumentException().isThrownBy(() -> Envelope.toAll(1).correlationId(name));
        assertThatIllegalArgumentException().isThrownBy(() -> Envelope.toAll(1).causationId(name));
        assertThatIllegalArgumentException().isThrownBy(() -> Envelope.toAll(1).headers(Map.of(name, "v")));
        assertThatIllegalArgumentException().isThrownBy(() -> Envelope.toAll(1).trace(Map.of(name, "v")));
    }

    @Test
    void names_upToTheirBound_areTaken() {
        String longest = "x".repeat(Envelope.MAX_NAME_LENGTH);

        assertThat(Envelope.toAll(1).id(longest).build().id()).isEqualTo(longest);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Envelope.toAll(1).id(longest + "x"))
                .withMessage("id must have at most 200 characters, had 201");
    }

    @Test
    void headers_withANullValue_areRefused() {
        Map<String, String> headers = new HashMap<>();
        headers.put("a", null);

        assertThatNullPointerException().isThrownBy(() -> Envelope.toAll(1).headers(headers));
    }

    @Test
    void hops_negative_areRefused() {
        assertThat(Envelope.toAll(1).hops(0).build().hops()).isZero();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Envelope.toAll(1).hops(-1))
                .withMessage("hops must be >= 0, was -1");
    }
}
