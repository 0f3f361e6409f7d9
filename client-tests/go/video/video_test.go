// A test as a user of the official SDK writes it; `seedance-mock run ... -- go test` gives it the server.
package video

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/volcengine/volcengine-go-sdk/service/arkruntime"
	"github.com/volcengine/volcengine-go-sdk/service/arkruntime/model"
	"github.com/volcengine/volcengine-go-sdk/volcengine"
)

func TestMakesAVideo(t *testing.T) {
	client := arkruntime.NewClientWithApiKey(os.Getenv("ARK_API_KEY"), arkruntime.WithBaseUrl(os.Getenv("ARK_BASE_URL")))
	created, err := client.CreateContentGenerationTask(t.Context(), model.CreateContentGenerationTaskRequest{
		Model: "doubao-seedance-2-0-260128",
		Content: []*model.CreateContentGenerationContentItem{{
			Type: model.ContentGenerationContentItemTypeText,
			Text: volcengine.String("A lighthouse at dusk."),
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if status := wait(t.Context(), t, client, created.ID); status != model.StatusSucceeded {
		t.Fatalf("the task came to %s", status)
	}
}

func wait(ctx context.Context, t *testing.T, client *arkruntime.Client, task string) string {
	for {
		seen, err := client.GetContentGenerationTask(ctx, model.GetContentGenerationTaskRequest{ID: task})
		if err != nil {
			t.Fatal(err)
		}
		if seen.Status != model.StatusQueued && seen.Status != model.StatusRunning {
			return seen.Status
		}
		time.Sleep(time.Second)
	}
}
