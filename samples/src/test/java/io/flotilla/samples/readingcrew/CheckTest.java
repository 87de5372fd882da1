package io.flotilla.samples.readingcrew;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckTest {

    @TempDir
    private Path folder;

    @Test
    void of_copiesAmongFilesOfOneLength_counted() throws IOException {
        assertThat(check("abc", "abd", "abc", "abd", "abc", "ab")).isEqualTo(new Check(6, 17, 3, 0));
    }

    @Test
    void of_fileThatIsNotThereAnyMore_countedAndTheOthersLookedAt() throws IOException {
        List<SourceFile> files = new ArrayList<>(write("abc", "abc"));
        files.add(1, new SourceFile("gone.md", folder.resolve("gone.md")));

        assertThat(Check.of(new Folder(folder, files, 0, 0))).isEqualTo(new Check(3, 6, 1, 1));
    }

    private Check check(String... texts) throws IOException {
        return Check.of(new Folder(folder, write(texts), 0, 0));
    }

    private List<SourceFile> write(String... texts) throws IOException {
        List<SourceFile> files = new ArrayList<>();
        for (String text : texts) {
            Path file = folder.resolve(files.size() + ".md");
            files.add(new SourceFile(file.toString(), Files.writeString(file, text)));
        }
        return files;
    }
}
