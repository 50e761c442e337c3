// Package house holds the shape of the house in its tests: who imports whom, that functions, folders and template.yaml say
// the same word, and that template.yaml is the only list of routes, schedules and variables.
package house
