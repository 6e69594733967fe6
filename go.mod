module asysta.example

go 1.26

require asysta.example/proto v0.0.0

replace asysta.example/proto => ./proto
