// Uses the official Volcengine SDK as it comes: only the base URL and SSL_CERT_FILE point at the mock. Prints JSON, one
// object a line, whose keys are those of client-tests/cli/official-sdk.ts.
//
//	sdk          makes videos and lists, deletes and fails, from beginning to end
//	sdk create   creates one task
//	sdk poll     creates one task and looks at it for each line that it reads; what stands there goes along as a heartbeat
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"

	"github.com/volcengine/volcengine-go-sdk/service/arkruntime"
	"github.com/volcengine/volcengine-go-sdk/service/arkruntime/model"
	"github.com/volcengine/volcengine-go-sdk/volcengine"
)

const standard = "doubao-seedance-2-0-260128"

var (
	background = context.Background()
	client     = connect(os.Getenv("ARK_API_KEY"))
)

func main() {
	switch {
	case len(os.Args) == 1:
		makeVideos()
		tell("listed", listTasks())
		tell("deleted", deleteTasks())
		tell("errors", provokeErrors())
	case os.Args[1] == "create":
		task, err := create(standard, text("A lighthouse at dusk."))
		if err != nil {
			tell("error", describe(err))
		} else {
			tell("task", task)
		}
	case os.Args[1] == "poll":
		task, err := create(standard, text("A lighthouse at dusk."))
		must(err)
		tell("task", task)
		for input := bufio.NewScanner(os.Stdin); input.Scan(); {
			var beat []arkruntime.RequestOption
			if timestamp := input.Text(); timestamp != "" {
				beat = append(beat, arkruntime.WithCustomHeader("x-client-timestamp", timestamp))
			}
			seen, err := client.GetContentGenerationTask(background, model.GetContentGenerationTaskRequest{ID: task}, beat...)
			must(err)
			tell("status", seen.Status)
		}
	}
}

func connect(key string) *arkruntime.Client {
	return arkruntime.NewClientWithApiKey(key, arkruntime.WithBaseUrl(os.Getenv("ARK_BASE_URL")))
}

func create(name string, content ...*model.CreateContentGenerationContentItem) (string, error) {
	created, err := client.CreateContentGenerationTask(background, model.CreateContentGenerationTaskRequest{
		Model:   name,
		Content: content,
	})
	return created.ID, err
}

func text(prompt string) *model.CreateContentGenerationContentItem {
	return &model.CreateContentGenerationContentItem{
		Type: model.ContentGenerationContentItemTypeText,
		Text: volcengine.String(prompt),
	}
}

func image(role string) *model.CreateContentGenerationContentItem {
	item := &model.CreateContentGenerationContentItem{
		Type:     model.ContentGenerationContentItemTypeImage,
		ImageURL: &model.ImageURL{URL: "https://example.com/image.png"},
	}
	if role != "" {
		item.Role = &role
	}
	return item
}

func get(task string) (model.GetContentGenerationTaskResponse, error) {
	return client.GetContentGenerationTask(background, model.GetContentGenerationTaskRequest{ID: task})
}

// What a program learns from an error of the SDK.
func describe(err error) any {
	var answered *model.APIError
	if errors.As(err, &answered) {
		return map[string]any{
			"exception": "APIError",
			"status":    answered.HTTPStatusCode,
			"code":      answered.Code,
			"message":   answered.Message,
			"type":      answered.Type,
			"requestId": answered.RequestId,
		}
	}
	return map[string]any{"exception": "other", "message": err.Error()}
}

func tell(key string, value any) {
	must(json.NewEncoder(os.Stdout).Encode(map[string]any{key: value}))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
