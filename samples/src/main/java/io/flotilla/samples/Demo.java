package io.flotilla.samples;

import io.flotilla.samples.batching.Batching;
import io.flotilla.samples.complete.CompleteSystem;
import io.flotilla.samples.eventsourcing.EventSourcing;
import io.flotilla.samples.health.HealthSample;
import io.flotilla.samples.isolation.Isolation;
import io.flotilla.samples.meters.MetersSample;
import io.flotilla.samples.networks.HubSample;
import io.flotilla.samples.networks.MeshSample;
import io.flotilla.samples.networks.TopicsSample;
import io.flotilla.samples.patterns.Patterns;
import io.flotilla.samples.pooling.Pooling;
import io.flotilla.samples.readingcrew.ReadingCrew;
import io.flotilla.samples.readingcrew.ReadingRound;
import io.flotilla.samples.recordreplay.RecordReplay;
import io.flotilla.samples.secretword.SecretWord;
import io.flotilla.samples.shape.Shape;
import io.flotilla.samples.sharedstate.SharedStateSample;
import io.flotilla.samples.shell.BadInput;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.samples.simulation.SimulationSample;
import io.flotilla.samples.stateagent.StateAgentSample;
import io.flotilla.samples.teams.HierarchySample;
import io.flotilla.samples.teams.HybridSample;
import io.flotilla.samples.teams.PeersSample;
import io.flotilla.samples.timetravel.TimeTravel;
import io.flotilla.samples.traces.Traces;
import io.flotilla.samples.trust.TrustedNetworkSample;
import io.flotilla.samples.verify.Verify;
import io.flotilla.samples.wealth.Wealth;
import java.util.List;
import java.util.stream.Collectors;

/** What {@code mvn -q -Pdemo} starts: the sample that {@code -Dsample=NAME} names, without it the reading crew. */
public final class Demo implements Sample {

    private static final List<Sample> SAMPLES = List.of(
            new ReadingCrew(),
            new ReadingRound(),
            new SecretWord(),
            new TimeTravel(),
            new Isolation(),
            new Shape(),
            new Wealth(),
            new HubSample(),
            new MeshSample(),
            new TopicsSample(),
            new HierarchySample(),
            new PeersSample(),
            new HybridSample(),
            new SharedStateSample(),
            new TrustedNetworkSample(),
            new StateAgentSample(),
            new EventSourcing(),
            new Batching(),
            new Pooling(),
            new Patterns(),
            new Verify(),
            new HealthSample(),
            new MetersSample(),
            new RecordReplay(),
            new SimulationSample(),
            new Traces(),
            new CompleteSystem());

    private final String wanted;

    Demo(String wanted) {
        this.wanted = wanted;
    }

    public static void main(String[] args) {
        Shell.exit(new Demo(System.getProperty("sample", ReadingCrew.NAME)));
    }

    /** The wanted sample's name, so that logs and errors are its own; of an unknown one, {@code demo}. */
    @Override
    public String name() {
        return SAMPLES.stream()
                .map(Sample::name)
                .filter(wanted::equals)
                .findAny()
                .orElse("demo");
    }

    @Override
    public int run(Settings settings, Output output) {
        return SAMPLES.stream()
                .filter(sample -> sample.name().equals(wanted))
                .findAny()
                .orElseThrow(() -> new BadInput("-Dsample must be one of "
                        + SAMPLES.stream().map(Sample::name).collect(Collectors.joining(", ")) + ", was "
                        + BadInput.quoted(wanted)))
                .run(settings, output);
    }
}
