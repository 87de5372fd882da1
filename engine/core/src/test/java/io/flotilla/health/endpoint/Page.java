package io.flotilla.health.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/** The page about endpoints: what it shows is what is tested. */
final class Page {

    private Page() {}

    /** The one block of code with this info string. */
    static String block(String info) throws IOException {
        String page = Files.readString(Path.of("HEALTH.md"));
        String begin = "\n```" + info + "\n";
        assertThat(page.split(begin, -1)).as("blocks of %s", info).hasSize(2);
        int from = page.indexOf(begin) + begin.length();
        return page.substring(from, page.indexOf("```", from));
    }

    static Properties properties() throws IOException {
        Properties properties = new Properties();
        properties.load(new StringReader(block("properties")));
        return properties;
    }
}
