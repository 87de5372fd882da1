package io.flotilla.samples.readingcrew;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.agent.StepContext;
import io.flotilla.samples.readingcrew.chat.ChatClient;
import io.flotilla.samples.readingcrew.chat.Endpoint;
import io.flotilla.samples.readingcrew.standin.StandIn;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.test.StepVerifier;

@Timeout(30)
class ReaderTest {

    @TempDir
    private Path folder;

    @Test
    void step_fileIsGone_failsWithItsName() {
        Path gone = folder.resolve("gone.md");
        try (StandIn standIn = new StandIn(42);
                ChatClient chat = new ChatClient(standIn.endpoint(), 1)) {
            Reader reader = new Reader(new SourceFile("gone.md", gone), chat);

            StepVerifier.create(reader.step("Digest", StepContext.detached(reader.id())))
                    .verifyErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(NoSuchFileException.class)
                            .hasMessageContaining("gone.md"));
        }
    }

    @Test
    void id_nameTooLongOrWithControlCharacters_stillAnId() {
        try (ChatClient nobody = new ChatClient(Endpoint.withoutKey(URI.create("http://127.0.0.1:1/v1"), "none"), 1)) {
            String longest = "a".repeat(AgentId.MAX_LENGTH);

            assertThat(new Reader(new SourceFile(longest, folder), nobody).id().instance())
                    .isEqualTo(longest);
            assertThat(new Reader(new SourceFile("x/" + longest, folder), nobody)
                            .id()
                            .instance())
                    .isEqualTo(longest);
            assertThat(new Reader(new SourceFile("a\nb.md", folder), nobody)
                            .id()
                            .instance())
                    .isEqualTo("a b.md");
        }
    }

    @Test
    void beginning_longerThanMax_cutBetweenCharacters() throws IOException {
        Path file = folder.resolve("long.md");
        Files.writeString(file, "abcd\uD83D\uDEA2efgh");
        SourceFile source = new SourceFile("long.md", file);

        assertThat(source.beginning(4)).isEqualTo("abcd");
        assertThat(source.beginning(5)).as("half a character is none").isEqualTo("abcd");
        assertThat(source.beginning(6)).isEqualTo("abcd\uD83D\uDEA2");
        assertThat(source.beginning(100)).isEqualTo("abcd\uD83D\uDEA2efgh");
    }
}
