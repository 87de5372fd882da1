/** Tests of modules: the test kit, with the JUnit that its users bring. */
module fleet.test {
    requires io.flotilla.testkit;
    requires org.junit.platform.launcher;

    // The contract uses them and requires them only while it is compiled.
    requires org.assertj.core;
    requires org.junit.jupiter.params;

    opens fleet.test to
            org.junit.platform.commons;
}
