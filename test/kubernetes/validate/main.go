// Checks manifests as the API server of Kubernetes does when it creates an object, without a cluster: its own strict
// decoding, defaults, validation and warnings (k8s.io/kubernetes), and the pod security level that the namespace asks for.
//
//	kubectl kustomize deploy/kubernetes | go run .
//
// Prints one line for each problem; exit code 0 when there is none, 1 when there are, 2 when there was nothing to check.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/util/yaml"
)

func main() {
	documents, err := split(os.Stdin)
	if err == nil && len(documents) == 0 {
		err = errors.New("there is no manifest on the standard input")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "Failed to read manifests:", err)
		os.Exit(2)
	}
	problems := check(documents)
	for _, problem := range problems {
		fmt.Println(problem)
	}
	fmt.Printf("%d objects, %d problems\n", len(documents), len(problems))
	if len(problems) > 0 {
		os.Exit(1)
	}
}

// split takes a stream of YAML documents apart and leaves out those without content.
func split(from io.Reader) ([][]byte, error) {
	reader := yaml.NewYAMLReader(bufio.NewReader(from))
	var documents [][]byte
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		var content any
		if err := yaml.Unmarshal(document, &content); err != nil {
			return nil, err
		}
		if content != nil {
			documents = append(documents, document)
		}
	}
}
