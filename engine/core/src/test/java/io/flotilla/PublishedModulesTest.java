package io.flotilla;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/** The BOM lists every module that is published, and nothing else. */
class PublishedModulesTest {

    private static final Path ROOT = Path.of("../..");
    private static final String BOM = "flotilla-bom";

    @Test
    void bom_listsEveryPublishedModule_inTheVersionOfAll() {
        Map<String, Element> published = published();

        assertThat(published).as("the modules are found").containsKey("flotilla-core");
        assertThat(managed(pom(ROOT.resolve("engine/bom"))))
                .as("engine/bom/pom.xml against the modules that are deployed")
                .containsExactlyInAnyOrderElementsOf(published.keySet().stream()
                        .map(module -> "io.flotilla:" + module + ":${project.version}")
                        .toList());
    }

    @Test
    void rootPom_managesEveryPublishedModule() {
        assertThat(managed(pom(ROOT)))
                .as("pom.xml against the modules that are deployed")
                .containsAll(published().keySet().stream()
                        .map(module -> "io.flotilla:" + module + ":${project.version}")
                        .toList());
    }

    @Test
    void bom_isImportedByNoModuleItLists() {
        published()
                .forEach((module, pom) -> assertThat(pom.getTextContent())
                        .as("%s would depend on the list that it is in", module)
                        .doesNotContain(BOM));
    }

    @Test
    void bom_bringsNothingOfItsOwn() {
        Element bom = pom(ROOT.resolve("engine/bom"));

        assertThat(children(bom, "dependencies")).isEmpty();
        assertThat(text(bom, "packaging")).isEqualTo("pom");
    }

    private static List<String> managed(Element pom) {
        return children(pom, "dependencyManagement").stream()
                .flatMap(management -> children(management, "dependencies").stream())
                .flatMap(dependencies -> children(dependencies, "dependency").stream())
                .filter(dependency -> "io.flotilla".equals(text(dependency, "groupId")))
                .map(dependency -> text(dependency, "groupId") + ":" + text(dependency, "artifactId") + ":"
                        + text(dependency, "version"))
                .toList();
    }

    /** The modules with a jar that is deployed, by artifact. */
    private static Map<String, Element> published() {
        Map<String, Element> found = new TreeMap<>();
        collect(ROOT, found);
        return found;
    }

    private static void collect(Path folder, Map<String, Element> found) {
        Element pom = pom(folder);
        List<Element> modules = children(pom, "modules").stream()
                .flatMap(list -> children(list, "module").stream())
                .toList();
        boolean deployed = children(pom, "properties").stream()
                .noneMatch(properties -> "true".equals(text(properties, "maven.deploy.skip")));
        if (deployed && !"pom".equals(text(pom, "packaging"))) {
            found.put(text(pom, "artifactId"), pom);
        }
        modules.forEach(module -> collect(folder.resolve(module.getTextContent()), found));
    }

    private static Element pom(Path folder) {
        try {
            return DocumentBuilderFactory.newDefaultInstance()
                    .newDocumentBuilder()
                    .parse(folder.resolve("pom.xml").toFile())
                    .getDocumentElement();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        } catch (SAXException | ParserConfigurationException malformed) {
            throw new IllegalStateException("no XML in " + folder, malformed);
        }
    }

    private static String text(Element of, String name) {
        List<Element> found = children(of, name);
        return found.isEmpty() ? "" : found.get(0).getTextContent();
    }

    private static List<Element> children(Element of, String name) {
        List<Element> found = new ArrayList<>();
        for (Node child = of.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child instanceof Element element && element.getTagName().equals(name)) {
                found.add(element);
            }
        }
        return found;
    }
}
