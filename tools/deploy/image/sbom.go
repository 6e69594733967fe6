package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
)

// components lists the modules that a program is made of, as the linker wrote them into it, in CycloneDX.
func components(program, arch string) ([]byte, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("what the program is made of: %w", err)
	}
	b := cyclonedx.NewBOM()
	b.Metadata = &cyclonedx.Metadata{Component: &cyclonedx.Component{
		BOMRef: "asysta", Type: cyclonedx.ComponentTypeApplication, Name: info.Main.Path,
		Licenses:   &cyclonedx.Licenses{{License: &cyclonedx.License{ID: "EUPL-1.2"}}},
		Properties: &[]cyclonedx.Property{{Name: "go", Value: info.GoVersion}, {Name: "platform", Value: "linux/" + arch}},
	}}
	parts := []cyclonedx.Component{part(&debug.Module{Path: "std", Version: strings.TrimPrefix(info.GoVersion, "go")})}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		if !strings.HasPrefix(m.Path, ".") { // the contract, which lies beside
			parts = append(parts, part(m))
		}
	}
	slices.SortFunc(parts, func(a, b cyclonedx.Component) int { return strings.Compare(a.BOMRef, b.BOMRef) })
	b.Components = &parts
	var out bytes.Buffer
	if err := cyclonedx.NewBOMEncoder(&out, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(b); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func part(m *debug.Module) cyclonedx.Component {
	url := "pkg:golang/" + m.Path + "@" + m.Version
	c := cyclonedx.Component{BOMRef: url, Type: cyclonedx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: url}
	if sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.Sum, "h1:")); err == nil && len(sum) == 32 {
		c.Properties = &[]cyclonedx.Property{{Name: "go.sum h1", Value: hex.EncodeToString(sum)}}
	}
	return c
}
