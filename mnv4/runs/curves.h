#pragma once
/// How a run went, drawn: a page that opens offline, and each of its charts as a file.

#include <string>
#include <vector>

#include "mnv4/runs/chart.h"
#include "mnv4/runs/confusion.h"
#include "mnv4/runs/summary.h"

namespace mnv4::runs {

/// A chart of some of summary.csv's columns over epochs.
struct NamedChart {
  std::string file;  ///< "loss.svg"
  Chart chart;
};

/// Loss, accuracy, learning rate, pictures a second: those that have a column.
std::vector<NamedChart> TrainingCharts(const Summary& summary);

/// The page. `confusion` may be null.
std::string CurvesPage(const std::string& title, const std::string& description,
                       const Summary& summary, const Confusion* confusion);

/// Writes curves.html, and an SVG for each chart and the heat map, into a run's folder; replaces
/// each in one step. Throws Error(kRuntime) naming the file.
void WriteCurves(const std::string& folder, const std::string& title,
                 const std::string& description, const Summary& summary,
                 const Confusion* confusion = nullptr);

}  // namespace mnv4::runs
