package io.flotilla;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every public top-level type of a published module says in which version it came: {@code @since} in its Javadoc. */
class SinceTest {

    private static final Pattern PUBLIC_TYPE = Pattern.compile(
            "^public (?:(?:final|abstract|sealed|non-sealed|strictfp) )*(?:class|interface|enum|record|@interface) ",
            Pattern.MULTILINE);

    private static final Pattern SINCE = Pattern.compile("^ \\* @since \\d+\\.\\d+$", Pattern.MULTILINE);

    /** False for a source whose public type does not say so. */
    private static boolean saysSince(String source) {
        Matcher type = PUBLIC_TYPE.matcher(source);
        if (!type.find()) {
            return true;
        }
        int javadoc = source.lastIndexOf("/**", type.start());
        return javadoc >= 0
                && SINCE.matcher(source.substring(javadoc, type.start())).find();
    }

    private static List<String> silent(Path sources) throws IOException {
        List<String> silent = new ArrayList<>();
        try (Stream<Path> files = Files.walk(sources)) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".java")).toList()) {
                if (!saysSince(Files.readString(file))) {
                    silent.add(sources.relativize(file).toString());
                }
            }
        }
        return silent;
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "../testkit", "../journal", "../../resilience"})
    void publicTypes_ofAModule_sayWhenTheyCame(String module) throws IOException {
        Path sources = Path.of(module, "src", "main", "java");

        assertThat(sources).isDirectory();
        assertThat(silent(sources))
                .as("add a line \" * @since <version>\" at the end of the Javadoc of these types")
                .isEmpty();
    }

    @Test
    void publicType_withoutSince_isFound() {
        String type = "package a;\n\n/**\n * Is.%s\n */\n@Deprecated\npublic final class A {}\n";

        assertThat(saysSince(type.formatted("\n *\n * @since 0.1"))).isTrue();
        assertThat(saysSince(type.formatted(""))).isFalse();
        assertThat(saysSince("package a;\n\npublic sealed interface A {}\n")).isFalse();
        assertThat(saysSince("package a;\n\n/** Is. */\nfinal class A {}\n")).isTrue();
    }
}
