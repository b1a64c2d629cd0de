// Command aws drives a job bucket with aws-sdk-go-v2's default settings. Arguments: endpoint URL,
// access id, secret, bucket name.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

var ctx = context.Background()

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func expect(holds bool, what ...any) {
	if !holds {
		panic(fmt.Sprintln(what...))
	}
}

// Counts how bodies are signed, and whether `accept-encoding` is; uploaders send several at once.
type counting struct {
	turn  *sync.Mutex
	forms map[string]int
}

func (c counting) RoundTrip(request *http.Request) (*http.Response, error) {
	c.count(request)
	return http.DefaultTransport.RoundTrip(request)
}

func (c counting) count(request *http.Request) {
	c.turn.Lock()
	defer c.turn.Unlock()
	if form := request.Header.Get("X-Amz-Content-Sha256"); request.Method == http.MethodPut && form != "" {
		if len(form) == 64 {
			form = "literal"
		}
		c.forms[form]++
	}
	if strings.Contains(request.Header.Get("Authorization"), "accept-encoding") {
		c.forms["accept-encoding signed"]++
	}
}

func main() {
	forms := map[string]int{}
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String(os.Args[1]),
		Region:       "us-east-1",
		UsePathStyle: true,
		Credentials:  credentials.NewStaticCredentialsProvider(os.Args[2], os.Args[3], ""),
		HTTPClient:   &http.Client{Transport: counting{&sync.Mutex{}, forms}},
	})
	drive(client, aws.String(os.Args[4]))
	fmt.Println(forms)
	fmt.Println("done")
}

func drive(client *s3.Client, bucket *string) {
	must(client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: bucket}))
	must(client.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: bucket}))
	expect(len(must(client.ListBuckets(ctx, &s3.ListBucketsInput{})).Buckets) == 1, "buckets")

	put := func(key string, content []byte) {
		must(client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: bucket, Key: &key, Body: bytes.NewReader(content), ContentType: aws.String("text/x"),
			Metadata: map[string]string{"one": "1"},
		}))
	}
	get := func(key string) []byte {
		answer := must(client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &key}))
		defer answer.Body.Close()
		return must(io.ReadAll(answer.Body))
	}
	put("go/small ü+.txt", []byte("hello"))
	put("go/empty", nil)
	put("go/chunks", random(300_001))
	expect(string(get("go/small ü+.txt")) == "hello", "small")
	head := must(client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("go/small ü+.txt")}))
	expect(*head.ContentLength == 5 && head.Metadata["one"] == "1" && *head.ContentType == "text/x", head)

	big := random(12*1024*1024 + 1)
	must(manager.NewUploader(client).Upload(ctx, &s3.PutObjectInput{
		Bucket: bucket, Key: aws.String("go/big"), Body: io.MultiReader(bytes.NewReader(big)),
	}))
	buffer := manager.NewWriteAtBuffer(nil)
	must(manager.NewDownloader(client).Download(ctx, buffer, &s3.GetObjectInput{
		Bucket: bucket, Key: aws.String("go/big"),
	}))
	expect(bytes.Equal(buffer.Bytes(), big), "big")

	for _, sum := range types.ChecksumAlgorithmCrc32.Values() {
		if !slices.Contains([]string{"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"}, string(sum)) {
			continue
		}
		must(client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: bucket, Key: aws.String("go/sum-" + string(sum)), Body: bytes.NewReader(big[:70_000]),
			ChecksumAlgorithm: sum,
		}))
	}

	copied := "go/copy"
	must(client.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: bucket, Key: &copied, CopySource: aws.String(*bucket + "/go/small%20%C3%BC%2B.txt"),
	}))
	expect(string(get(copied)) == "hello", "copy")

	link := must(s3.NewPresignClient(client).PresignGetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &copied}))
	answer := must(http.Get(link.URL))
	expect(string(must(io.ReadAll(answer.Body))) == "hello", answer.Status)

	keys := []string{}
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{
		Bucket: bucket, Prefix: aws.String("go/"), MaxKeys: aws.Int32(2),
	})
	for pages.HasMorePages() {
		for _, object := range must(pages.NextPage(ctx)).Contents {
			keys = append(keys, *object.Key)
		}
	}
	expect(len(keys) == 10 && slices.IsSorted(keys), keys)

	_, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("none")})
	var none *types.NoSuchKey
	expect(errors.As(err, &none), err)
	_, err = client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: bucket, Key: aws.String("in/new"), Body: strings.NewReader("x"),
	})
	var refusal smithy.APIError
	expect(errors.As(err, &refusal) && refusal.ErrorCode() == "AccessDenied", err)
	_, err = client.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: bucket, Key: &copied})
	expect(errors.As(err, &refusal) && refusal.ErrorCode() == "NotImplemented", err)

	must(client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: &copied}))
	doomed := []types.ObjectIdentifier{}
	for _, key := range keys {
		doomed = append(doomed, types.ObjectIdentifier{Key: &key})
	}
	gone := must(client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: bucket, Delete: &types.Delete{Objects: doomed},
	}))
	expect(len(gone.Errors) == 0 && len(gone.Deleted) == len(keys), gone)
	left := must(client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("go/")}))
	expect(len(left.Contents) == 0, left)
}

func random(size int) []byte {
	content := make([]byte, size)
	must(rand.Read(content))
	return content
}
