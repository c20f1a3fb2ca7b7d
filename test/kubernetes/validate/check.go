package main

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/core"
)

// strict refuses unknown and repeated fields, as `kubectl apply --validate=strict` does.
var strict = serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

// check returns every problem of every document.
func check(documents [][]byte) []string {
	var problems []string
	for index, document := range documents {
		object, kind, err := strict.Decode(document, nil, nil)
		if err != nil {
			problems = append(problems, fmt.Sprintf("document %d%s: %v", index+1, named(kind, document), err))
			continue
		}
		for _, problem := range append(create(object, *kind), podProblems(object)...) {
			accessor, _ := meta.Accessor(object)
			problems = append(problems, fmt.Sprintf("%s %s: %s", kind.Kind, accessor.GetName(), problem))
		}
	}
	return problems
}

// named finds out what a document calls itself although it cannot be decoded strictly.
func named(kind *schema.GroupVersionKind, document []byte) string {
	object, _, err := legacyscheme.Codecs.UniversalDeserializer().Decode(document, nil, nil)
	if kind == nil || err != nil {
		return ""
	}
	accessor, err := meta.Accessor(object)
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (%s %s)", kind.Kind, accessor.GetName())
}

// create does what the API server does before it stores a new object. The object gets its defaults.
func create(object runtime.Object, kind schema.GroupVersionKind) []string {
	strategy, known := strategies[kind.GroupKind()]
	if !known {
		return []string{"this kind is not checked here yet; add its strategy to strategies.go"}
	}
	legacyscheme.Scheme.Default(object)
	internal, err := legacyscheme.Scheme.ConvertToVersion(object.DeepCopyObject(), schema.GroupVersion{Group: kind.Group, Version: runtime.APIVersionInternal})
	if err != nil {
		return []string{err.Error()}
	}
	accessor, err := meta.Accessor(internal)
	if err != nil {
		return []string{err.Error()}
	}
	rest.FillObjectMetaSystemFields(accessor)
	if service, isService := internal.(*core.Service); isService && service.Spec.ClusterIP != "" {
		// The API server does this where it hands out addresses, which there are none of here.
		service.Spec.ClusterIPs = []string{service.Spec.ClusterIP}
	}
	heard := &recorder{}
	ctx := warning.WithWarningRecorder(request.NewDefaultContext(), heard)
	ctx = request.WithNamespace(ctx, accessor.GetNamespace())
	ctx = request.WithRequestInfo(ctx, &request.RequestInfo{APIGroup: kind.Group, APIVersion: kind.Version, Verb: "create"})
	if err := rest.BeforeCreate(strategy, ctx, internal); err != nil {
		heard.warnings = append(heard.warnings, err.Error())
	}
	return heard.warnings
}

// recorder keeps the warnings that a client would be shown. They count as problems.
type recorder struct{ warnings []string }

func (r *recorder) AddWarning(_, text string) {
	r.warnings = append(r.warnings, "warning: "+text)
}
