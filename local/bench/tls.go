package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// roots is how many certificates provided.al2023 trusts: all of them in one file, and again in a folder of one file each.
const roots = 143

// trust is an endpoint of DynamoDB behind TLS, with what a client needs to trust it.
type trust struct {
	server *httptest.Server
	bundle string // a file with all roots
	folder string // the same, a file each
}

// openTrust puts TLS before an endpoint, with a chain as AWS has one: a leaf, one between and a root, RSA of 2,048 bits.
func openTrust(folder, endpoint string) (*trust, error) {
	to, err := url.Parse(endpoint)
	if err != nil {
		return nil, err
	}
	t := &trust{bundle: filepath.Join(folder, "bundle.pem"), folder: filepath.Join(folder, "certificates")}
	root, err := issue("root", nil)
	if err != nil {
		return nil, err
	}
	between, err := issue("between", root)
	if err != nil {
		return nil, err
	}
	leaf, err := issue("127.0.0.1", between)
	if err != nil {
		return nil, err
	}
	if err := t.write(root); err != nil {
		return nil, err
	}
	t.server = httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }})
	t.server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.der, between.der}, PrivateKey: leaf.key}}, NextProtos: []string{"http/1.1"}}
	t.server.StartTLS()
	return t, nil
}

// write writes the root, in the company of as many as there are in Lambda.
func (t *trust) write(root *issued) error {
	if err := os.MkdirAll(t.folder, 0o755); err != nil {
		return err
	}
	var all bytes.Buffer
	for i := range roots {
		der := root.der
		if i > 0 {
			other, err := stranger(i)
			if err != nil {
				return err
			}
			der = other
		}
		one := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		all.Write(one)
		if err := os.WriteFile(filepath.Join(t.folder, fmt.Sprintf("root-%03d.pem", i)), one, 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(t.bundle, all.Bytes(), 0o644)
}

type issued struct {
	der         []byte
	certificate *x509.Certificate
	key         crypto.Signer
}

func certificate(name string) *x509.Certificate {
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name, Organization: []string{"Day One bench"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), BasicConstraintsValid: true, IsCA: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if ip := net.ParseIP(name); ip != nil {
		c.IsCA, c.IPAddresses, c.ExtKeyUsage = false, []net.IP{ip}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	return c
}

// issue makes a certificate that by signs; nil signs itself.
func issue(name string, by *issued) (*issued, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	i := &issued{certificate: certificate(name), key: key}
	if by == nil {
		by = i
	}
	if i.der, err = x509.CreateCertificate(rand.Reader, i.certificate, by.certificate, key.Public(), by.key); err != nil {
		return nil, err
	}
	i.certificate, err = x509.ParseCertificate(i.der)
	return i, err
}

// stranger is a root that signs nothing here.
func stranger(n int) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	c := certificate(fmt.Sprintf("root %d", n))
	return x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
}
