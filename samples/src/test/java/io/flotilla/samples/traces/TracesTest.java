package io.flotilla.samples.traces;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TracesTest {

    @TempDir
    private Path home;

    @Test
    void run_drawsTheTree_alwaysTheSame() {
        Captured first = Captured.run(new Traces(), home, Map.of());
        Captured second = Captured.run(new Traces(), home, Map.of());

        assertThat(first.code()).isZero();
        assertThat(first.err()).isEmpty();
        assertThat(first.out()).isEqualTo("""
                     span                                start   took  outcome    linked to
                 #1  run newspaper                       0.0 s  3.1 s  succeeded
                 #2  `- branch / Editor                  0.0 s  3.1 s  answered
                 #3     |- step Editor                   0.0 s  0.1 s  succeeded
                 #4     |- join                          0.1 s  2.9 s  met        <- #12 #16
                 #5     |- branch /0.0/ Reporter         0.1 s  1.4 s  moved_on
                 #6     |  `- step Reporter              0.1 s  1.4 s  succeeded
                 #7     |     |- attempt 1               0.1 s  0.1 s  failed
                 #8     |     |- attempt 2               0.4 s  0.1 s  failed
                 #9     |     `- attempt 3               0.9 s  0.6 s  succeeded
                #10     |- branch /0.1/ Photographer     0.1 s  0.7 s  moved_on
                #11     |  `- step Photographer          0.1 s  0.7 s  succeeded
                #12     |- branch /0.2/ Lawyer           0.1 s  2.9 s  answered
                #13     |  |- step Lawyer                0.1 s  0.2 s  succeeded
                #14     |  |- question                   0.3 s  2.5 s  answered
                #15     |  `- step Lawyer                2.8 s  0.2 s  succeeded
                #16     |- branch /0.3/ Layout           1.5 s  0.3 s  answered   <- #5 #10
                #17     |  `- step Layout                1.5 s  0.3 s  succeeded
                #18     `- step Editor                   3.0 s  0.1 s  succeeded
                24 spans in 1 trace; an attempt that is the only one is not drawn
                """);
        assertThat(second.out()).isEqualTo(first.out());
    }
}
