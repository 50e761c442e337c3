package pages_test

import (
	"dayone/shared/pages"
	"dayone/shared/texts"
	"fmt"
	"html"
	"net/http"
	"os"
	"testing"
)

func TestZServe(t *testing.T) {
	if os.Getenv("SERVE") == "" {
		t.Skip()
	}
	http.HandleFunc("/p/{name}/{tag}", func(w http.ResponseWriter, r *http.Request) {
		v, ok := views(texts.For(r.PathValue("tag")))[r.PathValue("name")]
		if !ok {
			w.WriteHeader(404)
			return
		}
		if r.URL.Query().Get("post") != "" {
			v.Action = "/post"
		}
		v.Status = 200
		if err := templates.Write(w, v); err != nil {
			fmt.Println(err)
		}
	})
	n := 0
	http.HandleFunc("POST /post", func(w http.ResponseWriter, r *http.Request) {
		n++
		r.ParseForm()
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Cache-Control", "private, no-cache")
		fmt.Fprintf(w, "<p id=out>%d %s</p>", n, html.EscapeString(r.Form.Encode()))
	})
	http.HandleFunc("/setup/{x}", func(w http.ResponseWriter, r *http.Request) {
		templates.Write(w, pages.View{Lang: texts.For(texts.Negotiate(r.URL.Query().Get("lang"), "", "en")), Name: "open", Action: "/post", Switch: "/setup/x"})
	})
	http.HandleFunc("/names", func(w http.ResponseWriter, r *http.Request) {
		for k := range views(texts.For("en")) {
			fmt.Fprintln(w, k)
		}
	})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("OTHER", r.Method, r.URL.Path)
		w.WriteHeader(404)
	})
	http.ListenAndServe("127.0.0.1:9911", nil)
}
