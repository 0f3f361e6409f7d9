// Makes a video with the official Volcengine SDK: creates, gets, lists, downloads and deletes. Prints what it saw as JSON.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/volcengine/volcengine-go-sdk/service/arkruntime"
	"github.com/volcengine/volcengine-go-sdk/service/arkruntime/model"
	"github.com/volcengine/volcengine-go-sdk/volcengine"
)

func main() {
	ctx := context.Background()
	client := arkruntime.NewClientWithApiKey(os.Getenv("ARK_API_KEY"), arkruntime.WithBaseUrl(os.Getenv("ARK_BASE_URL")))

	created, err := client.CreateContentGenerationTask(ctx, model.CreateContentGenerationTaskRequest{
		Model: "doubao-seedance-2-0-260128",
		Content: []*model.CreateContentGenerationContentItem{{
			Type: model.ContentGenerationContentItemTypeText,
			Text: volcengine.String("A lighthouse at dusk."),
		}},
	})
	must(err)

	task, err := client.GetContentGenerationTask(ctx, model.GetContentGenerationTaskRequest{ID: created.ID})
	for err == nil && (task.Status == model.StatusQueued || task.Status == model.StatusRunning) {
		time.Sleep(100 * time.Millisecond)
		task, err = client.GetContentGenerationTask(ctx, model.GetContentGenerationTaskRequest{ID: created.ID})
	}
	must(err)

	// Without a filter the SDK ends the URL in a bare "?".
	listed, err := client.ListContentGenerationTasks(ctx, model.ListContentGenerationTasksRequest{})
	must(err)
	filtered, err := client.ListContentGenerationTasks(ctx, model.ListContentGenerationTasksRequest{
		PageSize: volcengine.Int(10),
		Filter: &model.ListContentGenerationTasksFilter{
			Status:  volcengine.String(model.StatusSucceeded),
			TaskIDs: []*string{&created.ID, volcengine.String("cgt-20260101000000-other")},
		},
	})
	must(err)

	// The SDK leaves the download to its users.
	video, err := http.Get(task.Content.VideoURL)
	must(err)
	content, err := io.ReadAll(video.Body)
	must(err)

	must(client.DeleteContentGenerationTask(ctx, model.DeleteContentGenerationTaskRequest{ID: created.ID}))
	_, err = client.GetContentGenerationTask(ctx, model.GetContentGenerationTaskRequest{ID: created.ID})
	var gone *model.APIError
	if !errors.As(err, &gone) {
		log.Fatalf("expected an APIError, got %v", err)
	}

	must(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"task":     created.ID,
		"status":   task.Status,
		"tokens":   task.Usage.TotalTokens,
		"listed":   []int64{listed.Total, filtered.Total},
		"download": video.Proto,
		"type":     video.Header.Get("Content-Type"),
		"sha256":   fmt.Sprintf("%x", sha256.Sum256(content)),
		"gone":     map[string]any{"status": gone.HTTPStatusCode, "code": gone.Code},
	}))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
