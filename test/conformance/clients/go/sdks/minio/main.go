// Command minio drives a job bucket with minio-go, which signs every chunk of a body over http.
// Arguments: URL of the bucket's host, access id, secret, bucket name.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

var ctx = context.Background()

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func expect(holds bool, what ...any) {
	if !holds {
		panic(fmt.Sprintln(what...))
	}
}

func main() {
	base := must(url.Parse(os.Args[1]))
	bucket := os.Args[4]
	for _, trailing := range []bool{false, true} {
		forms := map[string]int{}
		client := must(minio.New(base.Host, &minio.Options{
			Creds:           credentials.NewStaticV4(os.Args[2], os.Args[3], ""),
			Secure:          base.Scheme == "https",
			TrailingHeaders: trailing,
			Transport:       counting{&sync.Mutex{}, forms, must(minio.DefaultTransport(base.Scheme == "https"))},
		}))
		prefix := fmt.Sprintf("minio-%v/", trailing)
		sums := []minio.ChecksumType{}
		if trailing {
			sums = []minio.ChecksumType{
				minio.ChecksumCRC32, minio.ChecksumCRC32C, minio.ChecksumCRC64NVME,
				minio.ChecksumSHA1, minio.ChecksumSHA256,
			}
		}
		drive(client, bucket, prefix, sums)
		fmt.Println(prefix, forms)
	}
	fmt.Println("done")
}

// Counts how bodies are signed; uploaders send several at once.
type counting struct {
	turn  *sync.Mutex
	forms map[string]int
	next  http.RoundTripper
}

func (c counting) RoundTrip(request *http.Request) (*http.Response, error) {
	c.count(request)
	return c.next.RoundTrip(request)
}

func (c counting) count(request *http.Request) {
	c.turn.Lock()
	defer c.turn.Unlock()
	if form := request.Header.Get("X-Amz-Content-Sha256"); request.Method == http.MethodPut {
		if len(form) == 64 {
			form = "literal"
		}
		c.forms[form]++
	}
}

func drive(client *minio.Client, bucket, prefix string, sums []minio.ChecksumType) {
	expect(must(client.BucketExists(ctx, bucket)), "no bucket")
	buckets := must(client.ListBuckets(ctx))
	expect(len(buckets) == 1, buckets)

	put(client, bucket, prefix+"small ü+.txt", []byte("hello"), minio.PutObjectOptions{
		ContentType:  "text/plain",
		UserMetadata: map[string]string{"One": "1"},
	})
	put(client, bucket, prefix+"empty", nil, minio.PutObjectOptions{})
	// Several chunks of 64 KiB, the last one odd.
	put(client, bucket, prefix+"chunks", random(300_001), minio.PutObjectOptions{})
	for _, sum := range sums {
		put(client, bucket, prefix+"sum-"+sum.String(), random(70_000), minio.PutObjectOptions{Checksum: sum})
	}
	// Three parts.
	big := random(12*1024*1024 + 1)
	put(client, bucket, prefix+"big", big, minio.PutObjectOptions{PartSize: 5 * 1024 * 1024})
	unsized := must(client.PutObject(ctx, bucket, prefix+"unsized", bytes.NewReader(big), -1,
		minio.PutObjectOptions{PartSize: 5 * 1024 * 1024}))
	expect(unsized.Size == int64(len(big)), unsized)

	info := must(client.StatObject(ctx, bucket, prefix+"small ü+.txt", minio.StatObjectOptions{}))
	expect(info.Size == 5 && info.ContentType == "text/plain", info)
	expect(info.UserMetadata["One"] == "1", info.UserMetadata)
	ranged := minio.GetObjectOptions{}
	check(ranged.SetRange(1, 2))
	expect(string(get(client, bucket, prefix+"small ü+.txt", ranged)) == "el", "range")

	_, err := client.StatObject(ctx, bucket, prefix+"none", minio.StatObjectOptions{})
	expect(minio.ToErrorResponse(err).Code == minio.NoSuchKey, err)
	_, err = client.PutObject(ctx, bucket, "in/new", strings.NewReader("x"), 1, minio.PutObjectOptions{})
	expect(minio.ToErrorResponse(err).Code == "AccessDenied", err)

	must(client.CopyObject(ctx, minio.CopyDestOptions{Bucket: bucket, Object: prefix + "copy"},
		minio.CopySrcOptions{Bucket: bucket, Object: prefix + "small ü+.txt"}))
	expect(string(get(client, bucket, prefix+"copy", minio.GetObjectOptions{})) == "hello", "copy")
	// Two parts of the same source: UploadPartCopy.
	must(client.ComposeObject(ctx, minio.CopyDestOptions{Bucket: bucket, Object: prefix + "composed"},
		minio.CopySrcOptions{Bucket: bucket, Object: prefix + "big"},
		minio.CopySrcOptions{Bucket: bucket, Object: prefix + "chunks"}))
	composed := must(client.StatObject(ctx, bucket, prefix+"composed", minio.StatObjectOptions{}))
	expect(composed.Size == int64(len(big))+300_001, composed.Size)

	for _, v1 := range []bool{false, true} {
		keys := list(client, bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, UseV1: v1, MaxKeys: 2})
		expect(len(keys) == 7+len(sums) && slices.IsSorted(keys), v1, keys)
		top := list(client, bucket, minio.ListObjectsOptions{UseV1: v1})
		expect(slices.Contains(top, prefix) && slices.Contains(top, "in/"), v1, top)
	}

	presigned := must(client.PresignedGetObject(ctx, bucket, prefix+"small ü+.txt", 7*24*time.Hour, nil))
	answer := must(http.Get(presigned.String()))
	expect(string(must(io.ReadAll(answer.Body))) == "hello", answer.Status)
	putURL := must(client.PresignedPutObject(ctx, bucket, prefix+"presigned", time.Hour))
	request := must(http.NewRequest(http.MethodPut, putURL.String(), strings.NewReader("by link")))
	answer = must(http.DefaultClient.Do(request))
	expect(answer.StatusCode == 200, answer.Status)
	expect(string(get(client, bucket, prefix+"presigned", minio.GetObjectOptions{})) == "by link", "link")

	core := minio.Core{Client: client}
	upload := must(core.NewMultipartUpload(ctx, bucket, prefix+"open", minio.PutObjectOptions{}))
	must(core.PutObjectPart(ctx, bucket, prefix+"open", upload, 1, bytes.NewReader(random(100)), 100,
		minio.PutObjectPartOptions{}))
	parts := must(core.ListObjectParts(ctx, bucket, prefix+"open", upload, 0, 10))
	expect(len(parts.ObjectParts) == 1 && parts.ObjectParts[0].Size == 100, parts)
	open := 0
	for one := range client.ListIncompleteUploads(ctx, bucket, prefix, true) {
		check(one.Err)
		expect(one.Key == prefix+"open", one)
		open++
	}
	expect(open == 1, open)
	check(client.RemoveIncompleteUpload(ctx, bucket, prefix+"open"))

	check(client.RemoveObject(ctx, bucket, prefix+"presigned", minio.RemoveObjectOptions{}))
	objects := client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true})
	for failure := range client.RemoveObjects(ctx, bucket, objects, minio.RemoveObjectsOptions{}) {
		panic(fmt.Sprintln(failure.ObjectName, failure.Err))
	}
	left := list(client, bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true})
	expect(len(left) == 0, left)
}

func put(client *minio.Client, bucket, key string, content []byte, options minio.PutObjectOptions) {
	must(client.PutObject(ctx, bucket, key, bytes.NewReader(content), int64(len(content)), options))
	expect(bytes.Equal(get(client, bucket, key, minio.GetObjectOptions{}), content), key)
}

func get(client *minio.Client, bucket, key string, options minio.GetObjectOptions) []byte {
	object := must(client.GetObject(ctx, bucket, key, options))
	defer object.Close()
	return must(io.ReadAll(object))
}

func list(client *minio.Client, bucket string, options minio.ListObjectsOptions) []string {
	keys := []string{}
	for object := range client.ListObjects(ctx, bucket, options) {
		check(object.Err)
		keys = append(keys, object.Key)
	}
	return keys
}

func random(size int) []byte {
	content := make([]byte, size)
	must(rand.Read(content))
	return content
}
